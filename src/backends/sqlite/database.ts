import type { Database } from 'better-sqlite3';
import type { Clock } from '../../contract/clock.ts';
import { DatabaseClosedError } from '../../contract/errors/index.ts';
import { ChangeFeed } from './change-feed.ts';
import { ChangeLog } from './change-log.ts';
import type { ChangeWatch } from './change-watch.ts';
import { DataVersionWatch } from './data-version-watch.ts';
import { FileIdentity } from './file-identity.ts';
import { translateError } from './translate-error.ts';

/**
 * What a commit outlives. `process-crash`: the end of this process, or of all; a power cut may undo the
 * last commits. `power-loss`: a power cut too, for the price of an fsync
 * (https://sqlite.org/pragma.html#pragma_synchronous).
 */
export type Durability = 'process-crash' | 'power-loss';

/**
 * One open database file. `openDatabase` makes it; `DatabaseSessionCache` is built on it. Whoever opened
 * it closes it.
 */
export class OnehostDatabase implements AsyncDisposable {
  /** The absolute path of the file. */
  readonly file: string;
  /** @internal */
  readonly connection: Database;
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly changeLog: ChangeLog;
  /** @internal */
  readonly changes: ChangeFeed;
  readonly #watch: ChangeWatch;
  readonly #lockWaitSeconds: number;
  readonly #identity: FileIdentity;
  readonly #inTransaction;

  /** @internal */
  constructor(
    connection: Database,
    options: { file: string; clock: Clock; lockWaitSeconds: number; keptChanges: number },
  ) {
    this.file = options.file;
    this.connection = connection;
    this.clock = options.clock;
    this.#lockWaitSeconds = options.lockWaitSeconds;
    this.#identity = new FileIdentity(options.file, options.clock);
    this.#watch = new DataVersionWatch(connection);
    this.changeLog = new ChangeLog(connection, options.keptChanges);
    this.changes = new ChangeFeed(this.#watch, this.changeLog);
    this.#inTransaction = connection.transaction((work: () => unknown) => work());
  }

  /** How a process learns that another one has changed the file. */
  get changeWatch(): ChangeWatch['kind'] {
    return this.#watch.kind;
  }

  /**
   * Lets go of the file; the last connection to do so folds the `-wal` into it. Calling it again does
   * nothing. Caches built on it throw `DatabaseClosedError` from now on.
   */
  close(): void {
    this.connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /**
   * Runs statements that only read.
   *
   * @internal
   */
  read<T>(work: () => T): T {
    this.#assertOpen();
    this.#identity.assertSameNowAndThen();
    try {
      return work();
    } catch (error) {
      throw translateError(error, this.file, this.#lockWaitSeconds);
    }
  }

  /**
   * Makes the near caches on this connection forget what others have changed; whether they had changed
   * anything. What {@link ChangeFeed.catchUp} says, with its errors translated.
   *
   * @internal
   */
  catchUp(): boolean {
    this.#assertOpen();
    this.#identity.assertSameNowAndThen();
    try {
      return this.changes.catchUp();
    } catch (error) {
      throw translateError(error, this.file, this.#lockWaitSeconds);
    }
  }

  /**
   * Runs `work` in one transaction that holds the write lock from its beginning (IMMEDIATE), so that
   * nothing it reads changes before it writes; undone as a whole when `work` throws.
   *
   * @internal
   */
  write<T>(work: () => T, durability: Durability = 'process-crash'): T {
    this.#assertOpen();
    this.#identity.assertSame();
    try {
      if (durability === 'process-crash') return this.#inTransaction.immediate(work) as T;
      // Twice one microsecond, beside an fsync; a second connection that always syncs would make every
      // revocation look like somebody else's change to the near caches of the first.
      this.connection.exec('pragma synchronous = full');
      try {
        return this.#inTransaction.immediate(work) as T;
      } finally {
        this.connection.exec('pragma synchronous = normal');
      }
    } catch (error) {
      throw translateError(error, this.file, this.#lockWaitSeconds);
    }
  }

  #assertOpen(): void {
    if (!this.connection.open) {
      throw new DatabaseClosedError(
        `The database ${this.file} was closed. Close it last, after the server and the caches built on it.`,
      );
    }
  }
}
