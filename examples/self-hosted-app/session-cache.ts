import path from 'node:path';
import {
  DatabaseSessionCache,
  InMemorySessionCache,
  openDatabase,
  type SessionCache,
} from 'onehost';
import type { AppSession } from './sessions.ts';
import type { Settings } from './settings.ts';

export interface OpenSessionCache {
  readonly cache: SessionCache<AppSession>;
  close(): Promise<void>;
}

/** The one place that knows which cache it is. */
export async function openSessionCache(settings: Settings): Promise<OpenSessionCache> {
  if (settings.sessionCache === 'memory') {
    // Right for one worker. With several, a logout in one is unknown to the others: see `npm run demo`.
    const cache = new InMemorySessionCache<AppSession>();
    return { cache, close: async () => cache.close() };
  }
  const database = await openDatabase(path.join(settings.folder, 'onehost.db'));
  const cache = new DatabaseSessionCache<AppSession>(database);
  return {
    cache,
    close: async () => {
      cache.close();
      database.close();
    },
  };
}
