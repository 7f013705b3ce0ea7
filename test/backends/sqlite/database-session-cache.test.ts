import { describe, test } from 'vitest';
import {
  DatabaseSessionCache,
  type DatabaseSessionCacheOptions,
  type OpenDatabaseOptions,
  openDatabase,
} from '../../../src/index.ts';
import {
  ManualClock,
  sessionCacheConformance,
  type TestSession,
} from '../../../src/testing/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

// Each cache has a connection of its own to the same file, as another process has.
const variants: Record<string, DatabaseSessionCacheOptions & OpenDatabaseOptions> = {
  DatabaseSessionCache: {},
  'DatabaseSessionCache with the change watch data-version': { changeWatch: 'data-version' },
  'DatabaseSessionCache without a near cache': { nearCacheEntries: 0 },
  'DatabaseSessionCache with a near cache of one entry': {
    nearCacheEntries: 1,
    touchWriteShare: 0,
  },
};

for (const [name, { changeWatch, ...options }] of Object.entries(variants)) {
  sessionCacheConformance(
    { describe, test },
    {
      name,
      capabilities: {
        reach: 'host',
        persistent: true,
        retains: true,
        coherence: 'strict',
        staleSeconds: 0,
      },
      createStore: () => {
        const folder = new TemporaryFolder();
        const clock = new ManualClock();
        const opened: AsyncDisposable[] = [];
        return {
          openCache: async () => {
            const database = await openDatabase(folder.file('sessions.db'), { clock, changeWatch });
            opened.push(database);
            return new DatabaseSessionCache<TestSession>(database, options);
          },
          advance: (seconds) => clock.advance(seconds),
          close: async () => {
            for (const database of opened) await database[Symbol.asyncDispose]();
            folder[Symbol.dispose]();
          },
        };
      },
    },
  );
}
