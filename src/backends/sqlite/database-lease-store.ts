import { setMaxListeners } from 'node:events';
import type { Clock } from '../../contract/clock.ts';
import { DatabaseBusyError, LeaseStoreClosedError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import type { Instance } from '../../contract/instance.ts';
import type { Term, TermReason } from '../../contract/lease.ts';
import type {
  AcquireOptions,
  LeaseOptions,
  LeaseStore,
  LeaseStoreCapabilities,
  LeaseSummary,
} from '../../contract/lease-store.ts';
import { assertName } from '../../contract/validate-arguments.ts';
import { assertKnownOptions } from '../../contract/validate-options.ts';
import { summariseLease } from '../../lease-keeping/lease-records.ts';
import {
  type LeaseSettings,
  readAcquireOptions,
  readLeaseOptions,
} from '../../lease-keeping/lease-settings.ts';
import { newInstance, readTerm } from '../../lease-keeping/lease-store-arguments.ts';
import { leaseTimeout } from '../../lease-keeping/lease-timeout.ts';
import { waitForLease } from '../../lease-keeping/wait-for-lease.ts';
import { assertDatabase, type OnehostDatabase } from './database.ts';
import { DatabaseLease } from './database-lease.ts';
import type { LockTrust } from './judge-term.ts';
import { type LeaseRow, LeaseRows } from './lease-rows.ts';
import { newTerm } from './new-term.ts';
import type { ProcessLocks } from './process-locks.ts';
import { TermWatch } from './term-watch.ts';
import type { TransactionConnection } from './transaction-connection.ts';
import { translateError } from './translate-error.ts';

/** How often a standby looks: what a takeover takes at worst, for about half a percent of a core. */
const POLL_MILLISECONDS = 100;
/** For the write lock, at each look that finds the lease free: the event loop stands still meanwhile. */
const ATTEMPT_WAIT_SECONDS = 0.01;
/** For the write lock, when everything is to be released: a process that ends is not to be held up. */
const CLOSE_WAIT_SECONDS = 1;

export interface DatabaseLeaseStoreOptions {
  /** What the app says of itself to whoever finds it holding a lease; nothing by default. */
  readonly appVersion?: string | undefined;
}

/**
 * Leases in an SQLite file, for the processes of this host that opened it. Each store is an instance of its own.
 *
 * A holder whose process ends is replaced within one look of a standby (100 ms): the kernel frees a lock that the process held. One that is
 * stopped or hangs is replaced after its duration. {@link lockTrust} says how far the lock is believed on this file.
 *
 * The lock is a file beside the database whose name ends in `-holder-` and an id. Leave such files alone while the app runs: a backup that opens and
 * closes the one of its own process lets go of the lock, and the process is taken for dead.
 *
 * It is closed with its database. On top of what the contract says its methods throw what reading and writing the file
 * throws: `DatabaseBusyError` and the like.
 */
export class DatabaseLeaseStore implements LeaseStore<TransactionConnection> {
  readonly capabilities: LeaseStoreCapabilities = Object.freeze({
    reach: 'host',
    seesProcessEnd: true,
    transactions: true,
  });
  readonly instance: Instance;

  readonly #database: OnehostDatabase;
  readonly #rows: LeaseRows;
  readonly #locks: ProcessLocks;
  readonly #watch: TermWatch;
  readonly #bootId: string;
  readonly #held = new Set<DatabaseLease>();
  readonly #closing = new AbortController();
  readonly #forgetDatabase: () => void;

  /** @throws InvalidOptionError */
  constructor(database: OnehostDatabase, options: DatabaseLeaseStoreOptions = {}) {
    assertDatabase('DatabaseLeaseStore', database);
    assertKnownOptions('DatabaseLeaseStore', options, ['appVersion']);
    this.instance = newInstance(options.appVersion, database.clock.now());
    this.#database = database;
    this.#rows = new LeaseRows(database.connection);
    this.#bootId = database.surroundings.bootId();
    this.#locks = database.surroundings.processLocks(database.file, this.instance.id);
    this.#watch = new TermWatch(database, this.#rows, this.#locks);
    // Each wait listens to it.
    setMaxListeners(0, this.#closing.signal);
    this.#forgetDatabase = database.beforeClose(() => this.close());
  }

  get clock(): Clock {
    return this.#database.clock;
  }

  /**
   * How far the end of a process is believed when its lock is found free. `kernel`: at once, on a filesystem that is known for it and after
   * one process has seen the lock of another on this file since the machine started; `suspect`: when it has also missed a
   * renewal; `ttl`: a lock was found free whose process lived, and only time decides.
   */
  get lockTrust(): LockTrust {
    return this.#watch.trust;
  }

  async acquire(name: string, options: AcquireOptions = {}): Promise<DatabaseLease> {
    this.#assertOpen();
    assertName('lease', name);
    const settings = readAcquireOptions(options);
    return waitForLease({
      ...settings,
      clock: this.clock,
      pollMilliseconds: POLL_MILLISECONDS,
      closed: this.#closing.signal,
      attempt: () =>
        this.#database.impatiently(ATTEMPT_WAIT_SECONDS, () => this.#take(name, settings)),
      isTransient: (error) => error instanceof DatabaseBusyError,
      timedOut: (failure) => {
        const row = this.#find(name);
        const lease = row === undefined ? null : this.#summarise(row);
        return leaseTimeout(name, settings.timeoutMilliseconds, lease, failure);
      },
    });
  }

  tryAcquire(name: string, options: LeaseOptions = {}): DatabaseLease | null {
    this.#assertOpen();
    assertName('lease', name);
    return this.#take(name, readLeaseOptions('tryAcquire', options));
  }

  steal(term: Term, options: LeaseOptions = {}): DatabaseLease | null {
    this.#assertOpen();
    const { name, holder, fencingToken } = readTerm(term);
    const settings = readLeaseOptions('steal', options);
    return this.#begin(
      name,
      'stolen',
      settings,
      (current) =>
        // Whether it has been renewed meanwhile is nothing to an administrator.
        current?.holder === holder.id && current.fencingToken === fencingToken,
    );
  }

  list(): LeaseSummary[] {
    this.#assertOpen();
    return this.#database.read(() => this.#rows.list()).map((row) => this.#summarise(row));
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    const database = this.#database;
    database.assertOutsideTransaction();
    this.#closing.abort(closedError());
    this.#forgetDatabase();
    let isNamed = this.#held.size > 0 || this.#isStillNamed();
    for (const lease of this.#held) lease.end();
    try {
      if (isNamed) {
        database.impatiently(CLOSE_WAIT_SECONDS, () =>
          database.write(() => this.#rows.releaseAll(this.instance.id)),
        );
      }
      isNamed = false;
    } finally {
      // What could not be released is free with the lock, or after its duration.
      this.#locks.release({ isNamed });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Whether a lease could not be released when its holder wanted to: it is over here, and not in the file. */
  #isStillNamed(): boolean {
    try {
      return this.#database.read(() => this.#rows.isHolder(this.instance.id));
    } catch {
      // The holder was told, and nothing is left here that has to be ended.
      return false;
    }
  }

  #find(name: string): LeaseRow | undefined {
    return this.#database.read(() => this.#rows.find(name));
  }

  #take(name: string, settings: LeaseSettings): DatabaseLease | null {
    const row = this.#find(name);
    const reason = this.#watch.whyTakeOver(row, settings.takeover);
    if (reason === null) return null;
    return this.#begin(name, reason, settings, (current) => isUnchanged(row, current));
  }

  /** Begins a term in place of the current one, if that is the one that is meant; `null` when somebody was faster. */
  #begin(
    name: string,
    reason: TermReason,
    settings: LeaseSettings,
    isMeant: (current: LeaseRow | undefined) => boolean,
  ): DatabaseLease | null {
    // Before anybody can read that this instance is the holder.
    this.#holdLock();
    // On disk when it returns: after a power cut a token that somebody has seen must not be given again.
    const row = this.#database.write(() => {
      const current = this.#rows.find(name);
      if (!isMeant(current)) return null;
      // Its time is that of now, with the write lock, and not of before a wait for it that may take longer than the term.
      const begun = newTerm(name, current, {
        holder: this.instance,
        reason,
        durationMilliseconds: settings.durationMilliseconds,
        bootId: this.#bootId,
        clock: this.clock,
      });
      this.#rows.begin(begun);
      return begun;
    }, 'power-loss');
    if (row === null) return null;
    const lease = new DatabaseLease({
      database: this.#database,
      rows: this.#rows,
      watch: this.#watch,
      bootId: this.#bootId,
      holder: this.instance,
      settings,
      row,
      onEnd: (ended) => this.#held.delete(ended),
    });
    this.#held.add(lease);
    publish('onehost:lease-acquired', { name, fencingToken: row.fencingToken, reason });
    return lease;
  }

  #holdLock(): void {
    try {
      this.#locks.hold((instanceId) => this.#database.read(() => this.#rows.isHolder(instanceId)));
    } catch (error) {
      throw translateError(error, this.#database.file, 1);
    }
  }

  #summarise(row: LeaseRow): LeaseSummary {
    return summariseLease(row, this.#watch.evidenceFor(row));
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
  }
}

function isUnchanged(found: LeaseRow | undefined, current: LeaseRow | undefined): boolean {
  return (
    found?.fencingToken === current?.fencingToken &&
    found?.holder === current?.holder &&
    found?.renewals === current?.renewals
  );
}

function closedError(): LeaseStoreClosedError {
  return new LeaseStoreClosedError(
    'This lease store was closed, by itself or with its database. Close it last, after the jobs that need its leases.',
  );
}
