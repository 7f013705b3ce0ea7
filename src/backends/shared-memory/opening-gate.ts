import { setTimeout as wait } from 'node:timers/promises';
import SqliteConnection, { type Database, type Statement } from 'better-sqlite3';
import { SharedMemoryFailedError } from '../../contract/errors/index.ts';
import { createPrivateFile } from '../../files/create-private-file.ts';

/** How long a try to be alone waits inside SQLite, which keeps newcomers out meanwhile; the event loop stands still for that. */
const TRY_MILLISECONDS = 200;

/** A writer waits for those that open or close, which takes them some milliseconds; for one that was stopped then, no longer than this. */
const WRITER_SECONDS = 10;

/**
 * Keeps writers away while a process opens or closes the environment.
 *
 * LMDB, as lmdb 3.5.6 has it, is not safe there. Who opens reads the number of the newest transaction from the file, and a moment later writes it into the
 * memory that all share (`mdb_env_open2`), without the writers' lock: what was committed in between is forgotten, and the next writer
 * writes over it. With 8 processes that opened and wrote at the same moment, one of them lost its write in 4 of 100 rounds, and nobody was told. Who is the last to close destroys
 * the locks (`mdb_env_close_active`), also under somebody who has just come: 15 of 100 rounds.
 *
 * A lock of SQLite's, since the system frees it when its process ends, however that comes, and nothing has to be
 * compiled. Writers share it, at 9 us a write.
 */
export class OpeningGate {
  readonly #file: string;
  readonly #writerSeconds: number;
  readonly #connection: Database;
  readonly #enter: Statement;
  readonly #look: Statement;
  readonly #leave: Statement;
  readonly #enterAlone: Statement;

  /**
   * Makes the file if it is not there.
   *
   * @throws SharedMemoryFailedError when somebody opens or closes for too long.
   */
  constructor(file: string, writerSeconds: number = WRITER_SECONDS) {
    createPrivateFile(file);
    this.#file = file;
    this.#writerSeconds = writerSeconds;
    const connection = new SqliteConnection(file, { timeout: writerSeconds * 1000 });
    this.#connection = connection;
    try {
      connection.exec('pragma synchronous = off; pragma journal_mode = memory');
      // A file without a first page would be written to by who is alone.
      if (connection.pragma('user_version', { simple: true }) === 0) {
        connection.exec('pragma user_version = 1');
      }
      this.#enter = connection.prepare('begin');
      this.#look = connection.prepare('pragma schema_version');
      this.#leave = connection.prepare('rollback');
      this.#enterAlone = connection.prepare('begin exclusive');
    } catch (error) {
      connection.close();
      throw this.#whomToLookFor(error);
    }
  }

  /**
   * Runs `work` while nobody opens or closes.
   *
   * @throws SharedMemoryFailedError when somebody does for too long.
   */
  beside<T>(work: () => T): T {
    this.#enter.run();
    try {
      // The lock is taken by the first read.
      this.#waitForTurn();
      return work();
    } finally {
      this.#leave.run();
    }
  }

  /**
   * Runs `work` while nobody writes, opens or closes, as soon as that is so; `undefined` when it was not within `seconds`. All of it in one turn: a
   * writer of this same thread, on the same memory opened a second time, waits inside SQLite, and would keep `work` from going on.
   */
  async alone<T>(seconds: number, work: () => T): Promise<T | undefined> {
    const end = performance.now() + seconds * 1000;
    while (!this.#tryToBeAlone()) {
      if (performance.now() > end) return undefined;
      await wait(1 + Math.random() * 10);
    }
    try {
      return work();
    } finally {
      this.#leave.run();
    }
  }

  /** The same by one try, for the end of a process, when nothing can be waited for and nobody told. */
  aloneNow(work: () => void): void {
    try {
      if (!this.#tryToBeAlone()) return;
      work();
      this.#leave.run();
    } catch {
      // It ends inside of a transaction.
    }
  }

  close(): void {
    this.#connection.close();
  }

  #waitForTurn(): void {
    try {
      this.#look.get();
    } catch (error) {
      throw this.#whomToLookFor(error);
    }
  }

  #whomToLookFor(error: unknown): unknown {
    if (!isBusy(error)) return error;
    return new SharedMemoryFailedError(
      `A process was opening or closing the shared memory of ${this.#file} for ${this.#writerSeconds} s. Nothing was written. ` +
        'One that was stopped in the middle of that is to go on (kill -CONT) or to end.',
      { cause: error },
    );
  }

  #tryToBeAlone(): boolean {
    this.#connection.pragma(`busy_timeout = ${TRY_MILLISECONDS}`);
    try {
      this.#enterAlone.run();
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    } finally {
      this.#connection.pragma(`busy_timeout = ${this.#writerSeconds * 1000}`);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof SqliteConnection.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
