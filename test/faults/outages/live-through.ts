// Uses a database through an outage that its parent makes, as the user that it is told: `live-through.ts <file> <uid>`. It does what
// its parent asks for, and answers how it ended.
import { closeSync, openSync } from 'node:fs';
import {
  DatabaseLeaseStore,
  DatabaseSessionCache,
  openDatabase,
  type Session,
} from '../../../src/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

export type Request =
  | 'get'
  | 'set'
  | 'invalidate'
  | 'acquire'
  | 'open another'
  | 'purge'
  /** Opens as many files as it may. */
  | 'use up descriptors'
  | 'free descriptors';

/** `code` is `null` when it succeeded. */
export interface Answer {
  readonly code: string | null;
  readonly message: string;
  readonly result?: unknown;
}

const [file = '', user = ''] = process.argv.slice(2);
{
  // What is loaded when a database is first opened may be out of the other user's reach.
  using folder = new TemporaryFolder();
  (await openDatabase(folder.file('first.db'))).close();
}
process.setuid?.(Number(user));
const database = await openDatabase(file);
const sessions = new DatabaseSessionCache(database);
sessions.set('token', { userId: 7 }, 3600);
for (let number = 0; number < 2000; number++) {
  sessions.set(`expired ${number}`, { userId: 7, text: 'x'.repeat(100) } as Session, 1);
}
sessions.get('token');
const descriptors: number[] = [];

const does: Record<Request, () => unknown> = {
  get: () => sessions.get('token'),
  set: () => sessions.set('new', { userId: 8 }, 3600),
  invalidate: () => sessions.invalidate('new'),
  acquire: () => new DatabaseLeaseStore(database).tryAcquire('lease')?.reason,
  purge: () => sessions.purgeExpired(),
  'open another': async () => (await openDatabase(file)).close(),
  'use up descriptors': () => {
    for (;;) {
      try {
        descriptors.push(openSync('/dev/null', 'r'));
      } catch {
        return descriptors.length;
      }
    }
  },
  'free descriptors': () => {
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  },
};

process.on('disconnect', () => process.exit());
process.on('message', async (request: Request) => process.send?.(await answer(request)));
process.send?.('ready');

async function answer(request: Request): Promise<Answer> {
  try {
    const result = await does[request]();
    return { code: null, message: '', result };
  } catch (error) {
    const { code = '', message, stack } = error as Error & { code?: string };
    return { code, message: code === '' ? `${stack}` : message };
  }
}
