// Does each operation again until it succeeds, ten times at most, and prints how each attempt ended and what was to be read after it:
// `keep-trying.ts <file> <operation>...`. System calls of it are made to fail from outside.
import {
  DatabaseLeaseStore,
  DatabaseSessionCache,
  type OnehostDatabase,
  openDatabase,
} from '../../../src/index.ts';

/** A line of what is printed. */
export interface Attempt {
  readonly operation: string;
  /** `null` when it succeeded. */
  readonly code: string | null;
  readonly message: string;
  /** The session of "kept", through the near cache, and of "unread", from the file; not before the file is open. */
  readonly read: readonly unknown[];
}

let database: OnehostDatabase | undefined;
let sessions: DatabaseSessionCache | undefined;
const [file = '', ...operations] = process.argv.slice(2);

const does: Record<string, () => unknown> = {
  open: async () => {
    database = await openDatabase(file);
    sessions = new DatabaseSessionCache(database);
    sessions.get('kept');
  },
  set: () => sessions?.set('new', { userId: 8 }, 60),
  invalidate: () => sessions?.invalidate('revoked'),
  acquire: () => database && new DatabaseLeaseStore(database).tryAcquire('lease'),
  checkpoint: () => database?.connection.pragma('wal_checkpoint(passive)'),
};

for (const operation of operations) {
  for (let attempt = 0; attempt < 10; attempt++) {
    const error = await outcomeOf(does[operation] as () => unknown);
    const read = ['kept', 'unread', 'revoked', 'new'].map((token) => sessions?.get(token) ?? null);
    const { code = null, message = '' } = error ?? {};
    console.log(JSON.stringify({ operation, code, message, read } satisfies Attempt));
    if (error === null) break;
  }
}
database?.close();

async function outcomeOf(work: () => unknown): Promise<{ code: string; message: string } | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return error as { code: string; message: string };
  }
}
