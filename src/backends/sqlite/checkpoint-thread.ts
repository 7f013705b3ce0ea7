import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** Where this one resolves it: two copies of SQLite in one process do not see each other's locks. */
const SQLITE = createRequire(import.meta.url).resolve('better-sqlite3');

/**
 * What the thread runs, as text: so it is the same from src, from dist, and under a test runner that compiles.
 *
 * It goes on until everything is in the file, because only then the next commit begins the WAL anew, and others commit meanwhile.
 * When that has not come about for 16 MiB, it makes a commit wait for it. The commit that begins the WAL anew syncs it, while it holds
 * the write lock: the thread makes that one itself, by writing what was there before.
 */
const SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const SqliteConnection = require(workerData.sqlite);
const connection = new SqliteConnection(workerData.file, { fileMustExist: true, timeout: 20 });
if (process.platform === 'darwin') connection.pragma('fullfsync = on');
const checkpoint = (mode) => connection.pragma('wal_checkpoint(' + mode + ')')[0];
parentPort.on('message', (isOver) => {
  if (isOver) {
    connection.close();
    parentPort.close();
    return;
  }
  try {
    let state;
    for (let time = 0; time < 8; time++) {
      state = checkpoint('passive');
      if (state.log === state.checkpointed) break;
    }
    if (state.log >= 4000) checkpoint('restart');
    if (state.log === state.checkpointed) connection.exec('update onehost_file set id = id');
  } catch {
    // It is tried again, and what is wrong with the file is for reads and writes to report.
  }
  parentPort.postMessage('done');
});
`;

/**
 * Carries what the WAL holds over into the file on a thread of its own, so that it is that thread which waits for the disk, and neither
 * the event loop nor a commit. It has a connection of its own.
 */
export class CheckpointThread {
  readonly #worker: Worker;
  readonly #ended: Promise<unknown>;

  constructor(file: string) {
    this.#worker = new Worker(SOURCE, {
      eval: true,
      workerData: { file, sqlite: SQLITE },
      // What the process was started with, a loader say, is not needed there.
      execArgv: [],
    });
    // A thread that fails has ended, and then nothing is carried over by it any more; others do it.
    this.#worker.on('error', () => {});
    this.#ended = new Promise((resolve) => this.#worker.once('exit', resolve));
  }

  /** Resolves when it was tried; whether it came about, the next look at the WAL tells. */
  async checkpoint(): Promise<void> {
    const isOver = new AbortController();
    const done = once(this.#worker, 'message', { signal: isOver.signal }).catch(() => {});
    this.#worker.postMessage(false);
    await Promise.race([done, this.#ended]);
    isOver.abort();
  }

  /** Resolves when it has let go of the file. */
  async end(): Promise<void> {
    this.#worker.postMessage(true);
    await this.#ended;
  }
}
