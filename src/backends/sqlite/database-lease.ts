import type { Statement } from 'better-sqlite3';
import { isThenable } from '../../contract/awaitable.ts';
import { InvalidTransactionError, LeaseLostError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import type { Instance } from '../../contract/instance.ts';
import type { Lease, TermReason } from '../../contract/lease.ts';
import { LeaseKeeper } from '../../lease-keeping/lease-keeper.ts';
import type { LeaseSettings } from '../../lease-keeping/lease-settings.ts';
import type { Durability, OnehostDatabase } from './database.ts';
import type { LeaseRow, LeaseRows, TermKey } from './lease-rows.ts';
import type { TermWatch } from './term-watch.ts';
import type { TransactionConnection } from './transaction-connection.ts';

/** For the write lock, at each attempt to renew a term. */
const RENEWAL_WAIT_SECONDS = 0.02;

/** What a lease is made of; the lease store hands it over. @internal */
export interface LeaseParts {
  readonly database: OnehostDatabase;
  readonly rows: LeaseRows;
  readonly watch: TermWatch;
  readonly bootId: string;
  readonly holder: Instance;
  readonly settings: LeaseSettings;
  /** What was written when it was acquired. */
  readonly row: LeaseRow & TermKey;
  /** The term is over. */
  readonly onEnd: (lease: DatabaseLease) => void;
}

/**
 * A term of a lease in an SQLite file. Its methods answer at once, but for disposal. On top of what the contract says they throw
 * what a write to the file throws: `DatabaseBusyError` and the like.
 */
export class DatabaseLease implements Lease<TransactionConnection> {
  readonly name: string;
  readonly holder: Instance;
  readonly fencingToken: number;
  readonly reason: TermReason;
  readonly #parts: LeaseParts;
  readonly #term: TermKey;
  readonly #keeper: LeaseKeeper;
  readonly #savepoint: { readonly begin: Statement; readonly end: Statement };
  /** Whether the file has been told that the term is over. */
  #isReleased = false;

  /** @internal */
  constructor(parts: LeaseParts) {
    const { row, settings, database } = parts;
    this.name = row.name;
    this.holder = parts.holder;
    this.fencingToken = row.fencingToken;
    this.reason = row.reason;
    this.#parts = parts;
    this.#term = { name: row.name, holder: row.holder, fencingToken: row.fencingToken };
    this.#savepoint = {
      begin: database.connection.prepare('savepoint onehost_fenced'),
      end: database.connection.prepare('release onehost_fenced'),
    };
    this.#keeper = new LeaseKeeper(
      {
        name: row.name,
        fencingToken: row.fencingToken,
        durationMilliseconds: settings.durationMilliseconds,
        marginMilliseconds: settings.marginMilliseconds,
        attemptedAt: row.renewedMonotonic,
      },
      database.clock,
      // It is tried again soon, and the event loop stands still meanwhile.
      () => database.impatiently(RENEWAL_WAIT_SECONDS, () => this.renew()),
    );
    this.signal.addEventListener('abort', () => parts.onEnd(this), { once: true });
  }

  /** Whose file its transactions are on. @internal */
  get database(): OnehostDatabase {
    return this.#parts.database;
  }

  get signal(): AbortSignal {
    return this.#keeper.signal;
  }

  isHeld(): boolean {
    return this.#keeper.isHeld();
  }

  renew(): void {
    this.#keeper.assertHeld();
    const { database, rows, bootId } = this.#parts;
    const renewedMonotonic = database.write(() => {
      // With the write lock, and not before a wait for it that may take longer than the term: nobody sees the renewal sooner.
      const attemptedAt = database.clock.monotonic();
      const renewedAt = Math.floor(database.clock.now());
      const at = { renewedMonotonic: attemptedAt, bootId, renewedAt };
      return rows.renew(this.#term, at) ? attemptedAt : null;
    });
    if (renewedMonotonic === null) throw this.#replaced();
    this.#keeper.renewed(renewedMonotonic);
  }

  /**
   * See the contract. `work` is synchronous: the transaction holds the file's write lock, and nobody could write while it waited for
   * something. What it throws is thrown on, and everything it wrote is undone.
   *
   * The connection is that of the database, for as long as `work` runs; tables of the app in the same file are written under the fence. Sessions, leases and
   * jobs are not to be changed in it.
   *
   * A power cut may undo the last transactions, as with `synchronous = normal`; a crash of the process does not.
   */
  transaction<T>(work: (connection: TransactionConnection) => T): T {
    return this.durably('process-crash', work);
  }

  /**
   * {@link transaction}, with a say in what its commit outlives.
   *
   * @internal
   */
  durably<T>(durability: Durability, work: (connection: TransactionConnection) => T): T {
    this.#keeper.assertHeld();
    const { database, rows } = this.#parts;
    let isCurrent = false;
    let thrown: { readonly error: unknown } | undefined;
    let result: T | undefined;
    try {
      database.write(() => {
        isCurrent = rows.isCurrent(this.#term);
        if (!isCurrent) return;
        try {
          result = this.#fenced(work);
        } catch (error) {
          thrown = { error };
          throw error;
        }
      }, durability);
    } catch (error) {
      // As the work threw it: whether a constraint of the app's own tables failed is for the app to see.
      throw thrown === undefined ? error : thrown.error;
    }
    if (!isCurrent) throw this.#replaced();
    return result as T;
  }

  /** See the contract. When the file cannot be written it throws; the term is over here, and for others after its duration, or when its store is closed. */
  release(): boolean {
    const { database, rows } = this.#parts;
    if (this.#isReleased) return false;
    // Before the term ends here, or it would go on in the file.
    database.assertOutsideTransaction();
    const wasHeld = this.#keeper.release();
    // Also a term that was lost by the clock alone, so that nobody has to wait for its end.
    const wasCurrent = database.write(() => rows.release(this.#term));
    this.#isReleased = true;
    if (wasHeld && wasCurrent) this.#publishRelease();
    return wasHeld && wasCurrent;
  }

  /** Ends the term here; its store, which is being closed, tells the file of all of them. @internal */
  end(): void {
    this.#isReleased = true;
    if (this.#keeper.release()) this.#publishRelease();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }

  #publishRelease(): void {
    publish('onehost:lease-released', { name: this.name, fencingToken: this.fencingToken });
  }

  /** A savepoint ends with the transaction that it was made in, and not with another that `work` has begun in its place. */
  #fenced<T>(work: (connection: TransactionConnection) => T): T {
    this.#savepoint.begin.run();
    const result = finished(this.#parts.database.fenced.during(work));
    try {
      this.#savepoint.end.run();
    } catch (cause) {
      throw new InvalidTransactionError(
        'The work of lease.transaction ended the transaction by itself, and what it wrote until then may have been committed. ' +
          'Leave commit and rollback to lease.transaction: throw to undo.',
        { cause },
      );
    }
    return result;
  }

  /** Another term is the current one: this one is over. What to throw. */
  #replaced(): LeaseLostError {
    const { database, rows, watch } = this.#parts;
    const row = database.read(() => rows.find(this.name));
    const error = new LeaseLostError(
      `The lease "${this.name}" (fencing token ${this.fencingToken}) ${describeSuccessor(row)}. Nothing was written. ` +
        'Stop what it was for, and acquire it again.',
    );
    this.#keeper.lose(error);
    // This process lives, and somebody took it for dead.
    if (row?.reason === 'holder-died' && row.replacedToken === this.fencingToken) {
      watch.wasTakenForDead();
    }
    return error;
  }
}

/** @throws InvalidTransactionError when the work has not ended. */
function finished<T>(result: T): T {
  if (isThenable(result)) {
    // It goes on outside the transaction, and may fail there without anybody waiting for it.
    result.then(undefined, () => {});
    throw new InvalidTransactionError(
      'The work of lease.transaction gave a promise, but must be done when it returns. Nothing was written by then. ' +
        'Load what it needs before, and only write in it.',
    );
  }
  return result;
}

function describeSuccessor(row: LeaseRow | undefined): string {
  if (row === undefined)
    return 'is not in the file any more, which was put back to an earlier state';
  if (row.holder === null)
    return `is over: a later term (${row.fencingToken}) has been released since`;
  const how = row.reason === 'stolen' ? 'was stolen' : `was taken over (${row.reason})`;
  return `${how} by process ${row.processId} on ${row.host} (fencing token ${row.fencingToken})`;
}
