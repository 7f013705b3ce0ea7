import type { Database } from 'better-sqlite3';
import type { Clock } from '../../contract/clock.ts';
import {
  DatabaseClosedError,
  InvalidOptionError,
  InvalidTransactionError,
} from '../../contract/errors/index.ts';
import { describeType } from '../../contract/validate-arguments.ts';
import { ChangeFeed } from './change-feed.ts';
import { ChangeLog } from './change-log.ts';
import type { ChangeWatch } from './change-watch.ts';
import { DataVersionWatch } from './data-version-watch.ts';
import { FileIdentity } from './file-identity.ts';
import type { Surroundings } from './surroundings.ts';
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
  /** @internal */
  readonly surroundings: Surroundings;
  readonly #beforeClose = new Set<() => void>();
  readonly #watch: ChangeWatch;
  #lockWaitSeconds: number;
  readonly #identity: FileIdentity;
  readonly #inTransaction;

  /** @internal */
  constructor(
    connection: Database,
    options: { file: string; clock: Clock; lockWaitSeconds: number; keptChanges: number },
    surroundings: Surroundings,
  ) {
    this.surroundings = surroundings;
    this.file = options.file;
    this.connection = connection;
    this.clock = options.clock;
    this.#lockWaitSeconds = options.lockWaitSeconds;
    this.#waitForLock(this.#lockWaitSeconds);
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
   * Closes the lease stores built on it, which releases their leases, and lets go of the file; the last connection to do so folds the `-wal`
   * into it. Calling it again does nothing. Caches built on it throw `DatabaseClosedError` from now on.
   */
  close(): void {
    try {
      for (const end of this.#beforeClose) end();
    } finally {
      this.connection.close();
    }
  }

  /**
   * Has `end` called before the file is let go of; what this returns calls that off.
   *
   * @internal
   */
  beforeClose(end: () => void): () => void {
    this.#beforeClose.add(end);
    return () => this.#beforeClose.delete(end);
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
   * Waits for `work` that another connection of this process does to the file.
   *
   * @internal
   */
  async elsewhere<T>(work: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    this.#identity.assertSameNowAndThen();
    try {
      return await work();
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
   * Not inside another one: what near caches are told after this one's commit would be wrong if the outer one were undone, and
   * SQLite does not let a transaction become more durable half-way.
   *
   * @internal
   */
  write<T>(work: () => T, durability: Durability = 'process-crash'): T {
    this.#assertOpen();
    if (this.connection.inTransaction) {
      throw new InvalidTransactionError(
        `A write of onehost was begun inside an open transaction on ${this.file}. Nothing was written. ` +
          'Let lease.transaction write the tables of the app alone; change sessions, leases and jobs before or after it.',
      );
    }
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

  /**
   * Has the writes in `work` wait for the lock no longer than this: they are tried again anyway, and the event loop stands still
   * meanwhile.
   *
   * @internal
   */
  impatiently<T>(lockWaitSeconds: number, work: () => T): T {
    const usual = this.#lockWaitSeconds;
    if (!this.connection.open || lockWaitSeconds >= usual) return work();
    this.#waitForLock(lockWaitSeconds);
    try {
      return work();
    } finally {
      this.#waitForLock(usual);
    }
  }

  #waitForLock(seconds: number): void {
    this.#lockWaitSeconds = seconds;
    // SQLite takes no more than a 32-bit integer.
    const milliseconds = Math.min(Math.ceil(seconds * 1000), 0x7fffffff);
    this.connection.pragma(`busy_timeout = ${milliseconds}`);
  }

  #assertOpen(): void {
    if (!this.connection.open) {
      throw new DatabaseClosedError(
        `The database ${this.file} was closed. Close it last, after the server and the caches built on it.`,
      );
    }
  }
}

/** @throws InvalidOptionError unless `database` is what `openDatabase` gives. */
export function assertDatabase(of: string, database: unknown): asserts database is OnehostDatabase {
  if (!(database instanceof OnehostDatabase)) {
    throw new InvalidOptionError(
      `${of} needs what openDatabase gives, but found ${database instanceof Promise ? 'a promise of it' : describeType(database)}. ` +
        `Write: new ${of}(await openDatabase(file)).`,
    );
  }
}
