import type { Database } from 'better-sqlite3';
import type { Clock } from '../../contract/clock.ts';
import {
  DatabaseClosedError,
  InvalidOptionError,
  InvalidTransactionError,
} from '../../contract/errors/index.ts';
import { describeType } from '../../contract/validate-arguments.ts';
import { FileIdentity } from '../../files/file-identity.ts';
import { ChangeFeed } from './change-feed.ts';
import { ChangeLog } from './change-log.ts';
import type { ChangeWatch } from './change-watch.ts';
import { FencedConnection } from './fenced-connection.ts';
import { retryWhileLocked } from './lock-wait.ts';
import type { Surroundings } from './surroundings.ts';
import { isBusy, translateError } from './translate-error.ts';
import { WalCheckpoints } from './wal-checkpoints.ts';

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
  /** @internal */
  readonly fenced: FencedConnection;
  readonly #beforeClose = new Set<() => void>();
  readonly #watch: ChangeWatch;
  #lockWaitSeconds: number;
  readonly #identity: FileIdentity;
  readonly #checkpoints: WalCheckpoints;
  readonly #begin;
  readonly #commit;
  readonly #rollback;

  /** @internal */
  constructor(
    connection: Database,
    options: {
      file: string;
      identity: string | null;
      clock: Clock;
      lockWaitSeconds: number;
      keptChanges: number;
    },
    watch: ChangeWatch,
    surroundings: Surroundings,
  ) {
    this.surroundings = surroundings;
    this.file = options.file;
    this.connection = connection;
    this.fenced = new FencedConnection(connection);
    this.clock = options.clock;
    this.#lockWaitSeconds = options.lockWaitSeconds;
    this.#identity = new FileIdentity(options.file, {
      companions: ['-wal', '-shm'],
      before: options.identity,
      now: options.clock.now(),
    });
    this.#watch = watch;
    this.changeLog = new ChangeLog(connection, options.keptChanges);
    this.changes = new ChangeFeed(this.#watch, this.changeLog);
    this.#checkpoints = new WalCheckpoints(connection);
    this.#begin = connection.prepare('begin immediate');
    this.#commit = connection.prepare('commit');
    this.#rollback = connection.prepare('rollback');
  }

  /** How reads from memory learn that another process has changed the file; see {@link OpenDatabaseOptions.changeWatch}. */
  get changeWatch(): ChangeWatch['kind'] {
    return this.#watch.kind;
  }

  /**
   * Closes the lease stores built on it, which releases their leases, and lets go of the file; the last connection to do so folds the `-wal`
   * into it. Calling it again does nothing. Caches built on it throw `DatabaseClosedError` from now on. Where a lease could
   * not be released it throws, after everything is closed all the same.
   */
  close(): void {
    this.assertOutsideTransaction();
    const failures: unknown[] = [];
    for (const end of this.#beforeClose) {
      try {
        end();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#beforeClose.clear();
    this.#checkpoints.close();
    this.#watch.close();
    this.connection.close();
    if (failures.length > 0) throw failures[0];
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
    this.assertOpen();
    try {
      this.#identity.assertSameNowAndThen(this.clock.now());
      return work();
    } catch (error) {
      return this.#again(error, work);
    }
  }

  /**
   * Waits for `work` that another connection of this process does to the file.
   *
   * @internal
   */
  async elsewhere<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    try {
      this.#identity.assertSameNowAndThen(this.clock.now());
      return await work();
    } catch (error) {
      throw translateError(error, this.file, this.#lockWaitSeconds);
    }
  }

  /**
   * Makes the near caches on this connection forget what others have changed; whether they had changed
   * anything. What {@link ChangeFeed.catchUp} says, with its errors translated.
   *
   * Each read from memory passes here, and in short steps, or V8 would not compile them into one piece. A database that is closed
   * may always have changed.
   *
   * @param now by the wall clock.
   * @internal
   */
  catchUp(now: number): boolean {
    if (this.#identity.wasLookedAtLately(now) && !this.#watch.mayHaveChanged()) return false;
    this.assertOpen();
    return this.#catchUp(now);
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
    this.assertOpen();
    this.assertOutsideTransaction();
    let result: T;
    try {
      if (durability === 'power-loss') this.#identity.assertSame();
      else this.#identity.assertSameFile(this.clock.now());
      // Twice one microsecond, beside an fsync; a second connection that always syncs would make every
      // revocation look like somebody else's change to the near caches of the first.
      if (durability === 'power-loss') this.connection.exec('pragma synchronous = full');
      try {
        result = this.#transact(work);
      } finally {
        if (durability === 'power-loss') this.connection.exec('pragma synchronous = normal');
      }
    } catch (error) {
      throw translateError(error, this.file, this.#lockWaitSeconds);
    }
    this.#checkpoints.committed();
    return result;
  }

  /** @throws InvalidTransactionError @internal */
  assertOutsideTransaction(): void {
    if (!this.connection.inTransaction) return;
    throw new InvalidTransactionError(
      `A write of onehost was begun inside an open transaction on ${this.file}. Nothing was written. ` +
        'Let lease.transaction write the tables of the app alone; change sessions, leases and jobs before or after it.',
    );
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
    this.#lockWaitSeconds = lockWaitSeconds;
    try {
      return work();
    } finally {
      this.#lockWaitSeconds = usual;
    }
  }

  #catchUp(now: number): boolean {
    try {
      this.#identity.assertSameNowAndThen(now);
      return this.changes.catchUp();
    } catch (error) {
      return this.#again(error, () => this.changes.catchUp());
    }
  }

  #transact<T>(work: () => T): T {
    retryWhileLocked(() => this.#begin.run(), this.#lockWaitSeconds);
    try {
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      if (this.connection.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  /** What to do about `error`, with which `work` that only reads has failed: others lock readers out while they recover the `-wal`. */
  #again<T>(error: unknown, work: () => T): T {
    try {
      if (!isBusy(error)) throw error;
      return retryWhileLocked(work, this.#lockWaitSeconds);
    } catch (last) {
      throw translateError(last, this.file, this.#lockWaitSeconds);
    }
  }

  /** @throws DatabaseClosedError */
  assertOpen(): void {
    if (!this.connection.open) {
      throw new DatabaseClosedError(
        `The database ${this.file} was closed. Close it last, after the server and the caches built on it.`,
      );
    }
  }
}

/**
 * @throws InvalidOptionError unless `database` is what `openDatabase` gives.
 * @throws DatabaseClosedError
 */
export function assertDatabase(of: string, database: unknown): asserts database is OnehostDatabase {
  if (!(database instanceof OnehostDatabase)) {
    throw new InvalidOptionError(
      `${of} needs what openDatabase gives, but found ${database instanceof Promise ? 'a promise of it' : describeType(database)}. ` +
        `Write: new ${of}(await openDatabase(file)).`,
    );
  }
  database.assertOpen();
}
