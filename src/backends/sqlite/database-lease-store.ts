import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../../contract/clock.ts';
import {
  DatabaseBusyError,
  InvalidOptionError,
  LeaseStoreClosedError,
  LeaseTimeoutError,
} from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import type { Instance } from '../../contract/instance.ts';
import type { Term, TermReason } from '../../contract/lease.ts';
import {
  type AcquireOptions,
  type LeaseOptions,
  type LeaseStore,
  type LeaseStoreCapabilities,
  type LeaseSummary,
  MAX_NAME_LENGTH,
} from '../../contract/lease-store.ts';
import { assertName, describeType } from '../../contract/validate-arguments.ts';
import { assertKnownOptions } from '../../contract/validate-options.ts';
import {
  type LeaseSettings,
  readAcquireOptions,
  readLeaseOptions,
} from '../../lease-keeping/lease-settings.ts';
import { waitForLease } from '../../lease-keeping/wait-for-lease.ts';
import { assertDatabase, type OnehostDatabase } from './database.ts';
import { DatabaseLease } from './database-lease.ts';
import type { LockTrust } from './judge-term.ts';
import { type LeaseRow, LeaseRows, type TermKey } from './lease-rows.ts';
import type { ProcessLocks } from './process-locks.ts';
import { TermWatch } from './term-watch.ts';
import type { TransactionConnection } from './transaction-connection.ts';

/** How often a standby looks: what a takeover takes at worst, for about 0.1 % of a core. */
const POLL_MILLISECONDS = 100;

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
    this.instance = Object.freeze({
      id: randomBytes(16).toString('hex'),
      processId: process.pid,
      host: hostname(),
      appVersion: readAppVersion(options),
      startedAt: new Date(database.clock.now()),
    });
    this.#database = database;
    this.#rows = new LeaseRows(database.connection);
    this.#bootId = database.surroundings.bootId();
    this.#locks = database.surroundings.processLocks(database.file, this.instance.id);
    this.#watch = new TermWatch(database, this.#locks);
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
        this.#database.impatiently(POLL_MILLISECONDS / 1000, () => this.#take(name, settings)),
      isTransient: (error) => error instanceof DatabaseBusyError,
      timedOut: () => this.#timedOut(name, settings.timeoutMilliseconds / 1000),
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
    const row = this.#find(name);
    if (row?.holder !== holder.id || row.fencingToken !== fencingToken) return null;
    return this.#begin(name, row, 'stolen', settings);
  }

  list(): LeaseSummary[] {
    this.#assertOpen();
    return this.#database.read(() => this.#rows.list()).map((row) => this.#summarise(row));
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closedError());
    this.#forgetDatabase();
    const failures: unknown[] = [];
    for (const lease of this.#held) {
      try {
        lease.release();
      } catch (error) {
        failures.push(error);
      }
    }
    // Whatever could not be released is free with the lock.
    this.#locks.release();
    if (failures.length > 0) throw failures[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #find(name: string): LeaseRow | undefined {
    return this.#database.read(() => this.#rows.find(name));
  }

  #take(name: string, settings: LeaseSettings): DatabaseLease | null {
    const row = this.#find(name);
    const reason = this.#watch.whyTakeOver(row, settings.takeover);
    if (reason === null) return null;
    const lease = this.#begin(name, row, reason, settings);
    if (lease !== null && reason === 'holder-died' && row?.holder) this.#locks.forget(row.holder);
    return lease;
  }

  /** Begins a term in place of the one that `found` shows; `null` when somebody was faster. */
  #begin(
    name: string,
    found: LeaseRow | undefined,
    reason: TermReason,
    settings: LeaseSettings,
  ): DatabaseLease | null {
    // Before anybody can read that this instance is the holder.
    this.#locks.hold();
    const attemptedAt = this.clock.monotonic();
    // On disk when it returns: after a power cut a token that somebody has seen must not be given again.
    const row = this.#database.write(() => {
      const current = this.#rows.find(name);
      if (!isUnchanged(found, current)) return null;
      const begun = this.#newTerm(name, current, reason, settings, attemptedAt);
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

  #newTerm(
    name: string,
    before: LeaseRow | undefined,
    reason: TermReason,
    settings: LeaseSettings,
    attemptedAt: number,
  ): LeaseRow & TermKey {
    const now = Math.floor(this.clock.now());
    return {
      name,
      fencingToken: nextToken(before?.fencingToken, now),
      replacedToken: before?.fencingToken ?? null,
      holder: this.instance.id,
      processId: this.instance.processId,
      host: this.instance.host,
      appVersion: this.instance.appVersion,
      instanceStartedAt: this.instance.startedAt.getTime(),
      reason,
      durationMilliseconds: settings.durationMilliseconds,
      renewals: 0,
      renewedMonotonic: attemptedAt,
      bootId: this.#bootId,
      acquiredAt: now,
      renewedAt: now,
    };
  }

  #summarise(row: LeaseRow): LeaseSummary {
    const holder: Instance = {
      id: row.holder ?? '',
      processId: row.processId,
      host: row.host,
      appVersion: row.appVersion,
      startedAt: new Date(row.instanceStartedAt),
    };
    return {
      name: row.name,
      holder: row.holder === null ? null : holder,
      fencingToken: row.fencingToken,
      reason: row.reason,
      durationSeconds: row.durationMilliseconds / 1000,
      acquiredAt: new Date(row.acquiredAt),
      lastHeartbeatAt: new Date(row.renewedAt),
      evidence: this.#watch.evidenceFor(row),
    };
  }

  #timedOut(name: string, seconds: number): LeaseTimeoutError {
    const row = this.#find(name);
    const lease = row === undefined ? null : this.#summarise(row);
    const holder = lease?.holder;
    return new LeaseTimeoutError(
      `The lease "${name}" could not be had within ${seconds} s (timeoutSeconds). ` +
        (holder
          ? `Process ${holder.processId} on ${holder.host} holds it since ${lease.acquiredAt.toISOString()} (last heartbeat ${lease.lastHeartbeatAt.toISOString()}, ${lease.evidence}). `
          : 'Others were faster each time. ') +
        'Wait longer, or stop the holder.',
      lease,
    );
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
  }
}

/**
 * Higher than the one before, and not lower than the wall clock in milliseconds: a file put back from a backup, or made anew, does not
 * give a token a second time, and the clock may be set back without making one fall.
 */
function nextToken(before: number | undefined, now: number): number {
  return Math.max((before ?? 0) + 1, now);
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

function readAppVersion(options: DatabaseLeaseStoreOptions): string | null {
  assertKnownOptions('DatabaseLeaseStore', options, ['appVersion']);
  const { appVersion } = options;
  if (appVersion === undefined) return null;
  if (typeof appVersion !== 'string' || appVersion.length > MAX_NAME_LENGTH) {
    const found =
      typeof appVersion === 'string' ? `${appVersion.length}` : describeType(appVersion);
    throw new InvalidOptionError(
      `appVersion must be a string of up to ${MAX_NAME_LENGTH} UTF-16 code units, but found ${found}.`,
    );
  }
  return appVersion.toWellFormed();
}

function readTerm(term: Term): Term {
  if (typeof term?.holder?.id !== 'string' || typeof term.fencingToken !== 'number') {
    throw new InvalidOptionError(
      'steal needs a term as list() gives it, with name, holder and fencingToken, but found none. A lease that nobody holds is to be acquired.',
    );
  }
  assertName('lease', term.name);
  return term;
}
