import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { deleteExpired, deleteLeftBehind } from './dead-rows.ts';
import { current } from './session-generation.ts';
import { statement } from './statement.ts';

/** With the payload, since to delete a row is also to free the pages that a long one goes on to. */
const columns = ['user_id as userId', 'payload'] as const;

const readLeftBehind = statement<{ limit: number }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select(columns)
    .where('generation', '<', current)
    .limit(param('limit')),
);

const readExpired = statement<{ now: number; limit: number }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select(columns)
    .where('generation', '=', current)
    .where('expires_at', '<=', param('now'))
    .orderBy('expires_at')
    .limit(param('limit')),
);

/** The others of a user are on the same page, but for those who have hundreds. */
const readInUserIndex = statement<{ userId: string }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select('token_key')
    .where('user_id', '=', param('userId'))
    .limit(sql.lit(1)),
);

/** What the thread prepares, by the names that it calls them. */
const statements = {
  deleteLeftBehind,
  deleteExpired,
  readLeftBehind,
  readExpired,
  readInUserIndex,
};

/** Where this one resolves it: two copies of SQLite in one process do not see each other's locks. */
const SQLITE = createRequire(import.meta.url).resolve('better-sqlite3');

/**
 * What the thread runs, as text: so it is the same from src, from dist, and under a test runner that compiles.
 *
 * `readAhead` reads the pages that `remove` will change, before the write lock is taken: it is then held for half as long, and where the
 * file is larger than the memory, not while the disk is read.
 *
 * `carryOver` keeps the WAL short. A removed row changes two pages that no other one does, so SQLite's own 1000 would be reached in
 * no time, and whoever commits next would have to wait for the disk; much fewer would mean more syncs. It goes on until
 * everything is in the file, because only then the next commit begins the WAL anew, and others commit meanwhile. So what counts is how long the
 * WAL is, and not how much of it is left to do: once it has 1000 pages, every commit of others goes over it. When that has not
 * come about for 16 MiB, it makes them wait for it. The commit that begins the WAL anew syncs it, with the write lock held: it makes that
 * one itself, by writing what was there before.
 */
const SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const SqliteConnection = require(workerData.sqlite);
const connection = new SqliteConnection(workerData.file, { fileMustExist: true, timeout: 20 });
connection.pragma('synchronous = normal');
connection.pragma('wal_autocheckpoint = 0');
if (process.platform === 'darwin') connection.pragma('fullfsync = on');

let prepared;
const prepareAll = () => Object.fromEntries(
  Object.entries(workerData.statements).map(([name, { sql }]) => [name, connection.prepare(sql)]));

function readAhead(now, limit) {
  const leftBehind = prepared.readLeftBehind.all({ limit });
  const expired = prepared.readExpired.all({ now, limit: limit - leftBehind.length });
  for (const { userId } of [...leftBehind, ...expired]) prepared.readInUserIndex.get({ userId });
}

const remove = connection.transaction((now, limit) => {
  const leftBehind = prepared.deleteLeftBehind.run({ limit }).changes;
  if (leftBehind === limit) return limit;
  return leftBehind + prepared.deleteExpired.run({ now, limit: limit - leftBehind }).changes;
});

const nobody = new Int32Array(new SharedArrayBuffer(4));
// Both are -1 while another process makes a checkpoint.
const isWhole = ({ log, checkpointed }) => log >= 0 && log === checkpointed;
const checkpoint = (mode) => connection.pragma('wal_checkpoint(' + mode + ')')[0];

function carryOver() {
  let state = checkpoint('noop');
  if (state.log < 800) return;
  for (let time = 0; time < 8; time++) {
    state = checkpoint('passive');
    if (isWhole(state)) break;
    Atomics.wait(nobody, 0, 0, 1);
  }
  if (state.log >= 4000) state = checkpoint('restart');
  if (isWhole(state)) connection.exec('update onehost_file set id = id');
}

function answer({ now, limit }) {
  try {
    prepared ??= prepareAll();
    const begin = performance.now();
    readAhead(now, limit);
    const removed = remove.immediate(now, limit);
    return { removed, milliseconds: performance.now() - begin };
  } catch (error) {
    if (error.code?.startsWith('SQLITE_BUSY')) return { removed: null, milliseconds: 0 };
    return { error: { code: error.code, message: error.message } };
  }
}

parentPort.on('message', (order) => {
  if (order === 'end') {
    connection.close();
    parentPort.close();
    return;
  }
  const answered = answer(order);
  try {
    carryOver();
  } catch {
    // It is tried again, and what is wrong with the file is for the next slice to report.
  }
  parentPort.postMessage(answered);
});
`;

/** What a slice has removed, `null` if another connection was writing, and how long that took. */
interface Removed {
  readonly removed: number | null;
  readonly milliseconds: number;
}

type Answer = Removed | { readonly error: { readonly code: string; readonly message: string } };

/**
 * Removes rows on a thread of its own, with a connection of its own, so that it is that thread which waits for the disk and the lock, and
 * not the event loop. To be ended, since it has the file open.
 */
export class PurgeThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #hasEnded = false;
  #take: (answer: Answer) => void = () => {};

  constructor(file: string) {
    this.#worker = new Worker(SOURCE, {
      eval: true,
      workerData: { file, sqlite: SQLITE, statements },
      // What the process was started with, a loader say, is not needed there.
      execArgv: [],
    });
    this.#worker.on('message', (answer: Answer) => this.#take(answer));
    // Whoever waits learns of it by the end of the thread.
    this.#worker.on('error', () => {});
    this.#ended = new Promise((resolve) =>
      this.#worker.once('exit', () => {
        this.#hasEnded = true;
        this.#take({ removed: null, milliseconds: 0 });
        resolve();
      }),
    );
  }

  /** Whether it can remove no more: there was no room for it, say. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** @throws an Error with the `code` of SQLite. */
  async remove(now: number, limit: number): Promise<Removed> {
    const answer = await new Promise<Answer>((resolve) => {
      this.#take = resolve;
      this.#worker.postMessage({ now, limit });
    });
    if ('error' in answer) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer;
  }

  /** Resolves when it has let go of the file. */
  async end(): Promise<void> {
    this.#worker.postMessage('end');
    await this.#ended;
  }
}
