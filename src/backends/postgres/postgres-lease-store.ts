import { setMaxListeners } from 'node:events';
import type { Transaction } from 'kysely';
import type { Clock } from '../../contract/clock.ts';
import { LeaseStoreClosedError, LeaseStoreUnavailableError } from '../../contract/errors/index.ts';
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
import { OwnTerms } from '../../lease-keeping/own-terms.ts';
import { waitForLease } from '../../lease-keeping/wait-for-lease.ts';
import { readTimeout } from '../../remote-sessions/remote-options.ts';
import { LeaseCalls, unavailable } from './lease-calls.ts';
import { type LeaseRow, LeaseRows, type NewTerm, type Replaced } from './lease-rows.ts';
import { assertPostgres, type OnehostPostgres } from './onehost-postgres.ts';
import { PostgresLease } from './postgres-lease.ts';
import { TermWatch } from './term-watch.ts';

/** How often a standby looks that hears of releases by itself, and that does not. What comes of a holder that ended without one is seen so much later. */
const LISTENING_POLL_MILLISECONDS = 500;
const POLL_MILLISECONDS = 100;

export interface PostgresLeaseStoreOptions {
  /** What the app says of itself to whoever finds it holding a lease; nothing by default. */
  readonly appVersion?: string | undefined;
  /** How long any call may take, 2 by default, at most 60; then it throws `LeaseStoreUnavailableError`. */
  readonly timeoutSeconds?: number | undefined;
}

/**
 * Leases in a PostgreSQL database, for all processes that reach it. Each store is an instance of its own.
 *
 * Durations count by the server's clock, and for the holder by its own monotonic one. Nothing is known of the holder's process: one that dies without
 * releasing is replaced after its duration.
 *
 * It is closed with its database. On top of what the contract says its methods throw `LeaseStoreUnavailableError` when the server cannot be
 * asked in time; a wait goes on meanwhile.
 *
 * @typeParam DB the app's tables, as Kysely's types, for `lease.transaction`.
 */
// biome-ignore lint/suspicious/noExplicitAny: without the app's types any table may be written, as with Kysely<any>.
export class PostgresLeaseStore<DB = any> implements LeaseStore<Transaction<DB>> {
  readonly capabilities: LeaseStoreCapabilities = Object.freeze({
    reach: 'network',
    seesProcessEnd: false,
    transactions: true,
  });
  readonly instance: Instance;

  readonly #database: OnehostPostgres;
  readonly #rows: LeaseRows;
  readonly #calls: LeaseCalls;
  readonly #watch: TermWatch;
  readonly #own: OwnTerms;
  readonly #held = new Set<PostgresLease>();
  readonly #closing = new AbortController();
  readonly #forgetDatabase: () => void;

  /** @throws InvalidOptionError, InvalidDurationError */
  constructor(database: OnehostPostgres, options: PostgresLeaseStoreOptions = {}) {
    assertPostgres('PostgresLeaseStore', database);
    assertKnownOptions('PostgresLeaseStore', options, ['appVersion', 'timeoutSeconds']);
    this.instance = newInstance(options.appVersion, database.clock.now());
    this.#database = database;
    const timeoutSeconds = readTimeout(options.timeoutSeconds);
    this.#rows = new LeaseRows(database, database.calls(unavailable), timeoutSeconds);
    this.#calls = new LeaseCalls(database.clock, timeoutSeconds);
    this.#own = new OwnTerms(this.instance.id);
    this.#watch = new TermWatch(database.clock);
    // Each wait listens to it.
    setMaxListeners(0, this.#closing.signal);
    this.#forgetDatabase = database.beforeClose(() => this.close());
  }

  get clock(): Clock {
    return this.#database.clock;
  }

  async acquire(name: string, options: AcquireOptions = {}): Promise<PostgresLease<DB>> {
    this.#assertOpen();
    assertName('lease', name);
    const settings = readAcquireOptions(options);
    const { notices } = this.#database;
    const listening = notices?.listen();
    try {
      return await waitForLease({
        ...settings,
        clock: this.clock,
        get pollMilliseconds() {
          return notices?.isListening ? LISTENING_POLL_MILLISECONDS : POLL_MILLISECONDS;
        },
        closed: this.#closing.signal,
        attempt: () => this.#take(name, settings),
        isTransient: (error) => error instanceof LeaseStoreUnavailableError,
        timedOut: async (failure) => {
          // The server would not say more, and take as long once more.
          if (failure !== undefined) return failure;
          const row = await this.#find(name);
          const lease = row === undefined ? null : this.#summarise(row);
          return leaseTimeout(name, settings.timeoutMilliseconds, lease);
        },
        ...(notices === null ? {} : { nextNotice: () => notices.next(name) }),
      });
    } finally {
      listening?.();
    }
  }

  async tryAcquire(name: string, options: LeaseOptions = {}): Promise<PostgresLease<DB> | null> {
    this.#assertOpen();
    assertName('lease', name);
    return this.#take(name, readLeaseOptions('tryAcquire', options));
  }

  /** See the contract. It waits for a commit under the lease that is being made. */
  async steal(term: Term, options: LeaseOptions = {}): Promise<PostgresLease<DB> | null> {
    this.#assertOpen();
    const { name, holder, fencingToken } = readTerm(term);
    const settings = readLeaseOptions('steal', options);
    // Whether it has been renewed meanwhile is nothing to an administrator.
    return this.#begin(name, 'stolen', settings, { fencingToken, holder: holder.id });
  }

  async list(): Promise<LeaseSummary[]> {
    this.#assertOpen();
    const before = this.clock.monotonic();
    const rows = await this.#calls.within((signal) => this.#rows.list(signal));
    if (rows[0] !== undefined) this.#watch.heard(rows[0].now, before);
    return rows.map((row) => this.#summarise(row));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closedError());
    this.#forgetDatabase();
    const isHolder = this.#held.size > 0;
    for (const lease of this.#held) lease.end();
    // The pool may be ended when this returns, and what they begin must have been released by then.
    await this.#own.settled();
    if (!isHolder && !this.#own.isInDoubt) return;
    // What could not be released is free after its duration.
    const releasing = this.#calls.within((signal) =>
      this.#rows.releaseAll(this.instance.id, signal),
    );
    // A term that nobody was given is no loss that anybody should hear of.
    await (isHolder ? releasing : releasing.catch(() => {}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #find(name: string): Promise<LeaseRow | undefined> {
    const before = this.clock.monotonic();
    const row = await this.#calls.within((signal) => this.#rows.find(name, signal));
    if (row !== undefined) this.#watch.heard(row.now, before);
    return row;
  }

  async #take(name: string, settings: LeaseSettings): Promise<PostgresLease<DB> | null> {
    const row = await this.#find(name);
    const isOrphan = row !== undefined && this.#own.isOrphan(row);
    const reason = isOrphan ? 'released' : this.#watch.whyTakeOver(row);
    return reason === null ? null : this.#begin(name, reason, settings, row);
  }

  /** Begins a term in place of the one that is meant, or the first; `null` when somebody was faster. */
  #begin(
    name: string,
    reason: TermReason,
    settings: LeaseSettings,
    replaced: Replaced | undefined,
  ): Promise<PostgresLease<DB> | null> {
    this.#assertOpen();
    return this.#own.begin(name, () => this.#beginTerm(name, reason, settings, replaced));
  }

  async #beginTerm(
    name: string,
    reason: TermReason,
    settings: LeaseSettings,
    replaced: Replaced | undefined,
  ): Promise<PostgresLease<DB> | null> {
    const { durationMilliseconds } = settings;
    const term: NewTerm = { name, holder: this.instance, reason, durationMilliseconds };
    const attemptedAt = this.clock.monotonic();
    const fencingToken = await this.#calls.within((signal) =>
      replaced === undefined
        ? this.#rows.beginFirst(term, signal)
        : this.#rows.begin(term, replaced, signal),
    );
    if (fencingToken === undefined) return null;
    const lease = new PostgresLease<DB>({
      database: this.#database,
      calls: this.#calls,
      rows: this.#rows,
      watch: this.#watch,
      settings,
      name,
      holder: this.instance,
      fencingToken,
      reason,
      attemptedAt,
      onEnd: (ended) => this.#held.delete(ended),
    });
    publish('onehost:lease-acquired', { name, fencingToken, reason });
    this.#held.add(lease);
    if (!this.#closing.signal.aborted) return lease;
    // Closed during the attempt: nobody else would release it.
    await lease.release();
    throw this.#closing.signal.reason;
  }

  #summarise(row: LeaseRow): LeaseSummary {
    return summariseLease(row, this.#watch.evidenceFor(row));
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
  }
}

function closedError(): LeaseStoreClosedError {
  return new LeaseStoreClosedError(
    'This lease store was closed, by itself or with its database. Close it last, after the jobs that need its leases.',
  );
}
