import { createHash } from 'node:crypto';
import { InMemorySessionCache } from '../backends/memory/in-memory-session-cache.ts';
import { NoOpSessionCache } from '../backends/no-op/no-op-session-cache.ts';
import type { OnehostDatabase } from '../backends/sqlite/database.ts';
import { DatabaseJobLedger } from '../backends/sqlite/database-job-ledger.ts';
import { DatabaseLeaseStore } from '../backends/sqlite/database-lease-store.ts';
import { DatabaseSessionCache } from '../backends/sqlite/database-session-cache.ts';
import { openDatabase } from '../backends/sqlite/open-database.ts';
import type { Session } from '../contract/session.ts';
import type { SessionCache } from '../contract/session-cache.ts';
import type { Choice } from './read-choice.ts';
import type { BackendSettings, MadeBackends } from './session-backends.ts';

type InFile = Extract<Choice, { readonly file: string }>;

/** Leases and jobs in the SQLite file; sessions there too, or in memory, or nowhere. */
export async function makeInFile<S extends Session>(
  { kind, file }: InFile,
  settings: BackendSettings,
): Promise<MadeBackends<S>> {
  const { clock, appVersion } = settings;
  const database = await openDatabase(file, { clock });
  try {
    const leases = new DatabaseLeaseStore(database, { appVersion });
    const ledger = new DatabaseJobLedger(database);
    // Last: what it opens besides is closed by nobody when something fails after it.
    const { sessions, close } = await makeSessions<S>(kind, database, settings);
    return {
      sessions,
      leases,
      ledger,
      closing: [() => database.close(), close, () => sessions.close()],
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

async function makeSessions<S extends Session>(
  kind: InFile['kind'],
  database: OnehostDatabase,
  { clock, name }: BackendSettings,
): Promise<{ sessions: SessionCache<S>; close: () => PromiseLike<void> | void }> {
  const close = () => {};
  switch (kind) {
    case 'memory':
      return { sessions: new InMemorySessionCache<S>({ clock }), close };
    case 'none':
      return { sessions: new NoOpSessionCache<S>(), close };
    case 'database':
      return { sessions: new DatabaseSessionCache<S>(database), close };
    case 'shared-memory': {
      const { openSharedMemory, SharedMemorySessionCache } = await import('../shared-memory.ts');
      const memory = await openSharedMemory(nameFor(name, database.file), { clock });
      return { sessions: new SharedMemorySessionCache<S>(memory), close: () => memory.close() };
    }
  }
}

/** Who shares the file shares the memory, and nobody else: a second installation of the app has another. */
function nameFor(name: string, file: string): string {
  const place = createHash('sha256').update(file).digest('hex').slice(0, 12);
  return `${name}-${place}`;
}
