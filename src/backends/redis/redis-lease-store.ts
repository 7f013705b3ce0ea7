import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { type Clock, systemClock } from '../../contract/clock.ts';
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
import { describeInstance, type LeaseRecord, readListReply, readReply } from './lease-record.ts';
import { beginTerm, listLeases, lookAtLease } from './lease-scripts.ts';
import { LeaseServer } from './lease-server.ts';
import { readPrefix } from './read-prefix.ts';
import type { RedisClient } from './redis-client.ts';
import { RedisLease } from './redis-lease.ts';
import { ServerCommands } from './server-commands.ts';
import { type Look, TermSightings } from './term-sightings.ts';

/** How often a standby looks: what a takeover after a release takes at worst. */
const POLL_MILLISECONDS = 100;

export interface RedisLeaseStoreOptions {
  /** What its keys begin with, in braces: `onehost` by default. Stores with one prefix contend for the same leases. */
  readonly prefix?: string | undefined;
  /** How long any call may take, 2 by default, at most 60; then it throws `LeaseStoreUnavailableError`. A renewal gets a quarter of the duration at most. */
  readonly timeoutSeconds?: number | undefined;
  /** What the app says of itself to whoever finds it holding a lease; nothing by default. */
  readonly appVersion?: string | undefined;
  /** By which durations are measured here; the machine's clocks by default. */
  readonly clock?: Clock | undefined;
}

/**
 * Leases in Redis, for all processes that use it, on whatever host. Each store is an instance of its own.
 *
 * A holder that has died or hangs is replaced after its duration, since the end of its process cannot be seen from elsewhere: `durationSeconds` is how long
 * nobody does the work then. `lease.transaction` throws: hand the fencing token to what you write to.
 *
 * A fencing token is as durable as the server: docs/redis.md says what each way of persistence means. When it has lost everything, that is told on
 * the channel `onehost:leases-lost`.
 *
 * The client belongs to the app. On top of what the contract says the methods throw `LeaseStoreUnavailableError` when the server cannot be asked, and
 * `ServerUnsuitableError`.
 */
export class RedisLeaseStore implements LeaseStore<never> {
  readonly capabilities: LeaseStoreCapabilities = Object.freeze({
    reach: 'network',
    seesProcessEnd: false,
    transactions: false,
  });
  readonly instance: Instance;
  readonly clock: Clock;

  /** Where they are kept. @internal */
  readonly server: LeaseServer;
  readonly #sightings = new TermSightings();
  /** The highest token that was seen of each lease: the next is higher, whatever the server remembers. */
  readonly #tokens = new Map<string, number>();
  readonly #own: OwnTerms;
  readonly #held = new Set<RedisLease>();
  readonly #closing = new AbortController();

  /** @throws InvalidOptionError, InvalidDurationError */
  constructor(client: RedisClient, options: RedisLeaseStoreOptions = {}) {
    assertKnownOptions('RedisLeaseStore', options, [
      'prefix',
      'timeoutSeconds',
      'appVersion',
      'clock',
    ]);
    const { clock = systemClock } = options;
    const commands = new ServerCommands(
      'RedisLeaseStore',
      client,
      readPrefix(options.prefix),
      LeaseStoreUnavailableError,
    );
    this.clock = clock;
    this.server = new LeaseServer(commands, clock, readTimeout(options.timeoutSeconds));
    this.instance = newInstance(options.appVersion, clock.now());
    this.#own = new OwnTerms(this.instance.id);
    // Each wait listens to it.
    setMaxListeners(0, this.#closing.signal);
  }

  async acquire(name: string, options: AcquireOptions = {}): Promise<RedisLease> {
    this.#assertOpen();
    assertName('lease', name);
    const settings = readAcquireOptions(options);
    return waitForLease({
      ...settings,
      clock: this.clock,
      pollMilliseconds: POLL_MILLISECONDS,
      closed: this.#closing.signal,
      attempt: () => this.#take(name, settings),
      isTransient: (error) => error instanceof LeaseStoreUnavailableError,
      // The server would not say more, and take as long once more.
      timedOut: async (failure) =>
        failure ??
        leaseTimeout(name, settings.timeoutMilliseconds, (await this.#find(name)).summary),
    });
  }

  async tryAcquire(name: string, options: LeaseOptions = {}): Promise<RedisLease | null> {
    this.#assertOpen();
    assertName('lease', name);
    return this.#take(name, readLeaseOptions('tryAcquire', options));
  }

  async steal(term: Term, options: LeaseOptions = {}): Promise<RedisLease | null> {
    this.#assertOpen();
    const { name, holder, fencingToken } = readTerm(term);
    const settings = readLeaseOptions('steal', options);
    // Whether it has been renewed meanwhile is nothing to an administrator.
    return this.#begin(name, 'stolen', settings, [String(fencingToken), holder.id, '*']);
  }

  async list(): Promise<LeaseSummary[]> {
    this.#assertOpen();
    const begunAt = this.clock.monotonic();
    const { epoch, now, leases } = readListReply(await this.server.run(listLeases, []));
    const look = { begunAt, endedAt: this.clock.monotonic() };
    this.server.noteEpoch(epoch);
    return leases
      .map((lease) => summarise(lease, this.#sightings.overdue(lease, now, look)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** See the contract. When the server cannot be told of a release it throws at the end; others have the lease after its duration. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closedError());
    const released = await Promise.allSettled([...this.#held].map((lease) => lease.release()));
    for (const each of released) if (each.status === 'rejected') throw each.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #take(name: string, settings: LeaseSettings): Promise<RedisLease | null> {
    const { lease, overdue } = await this.#find(name);
    const isOrphan = lease !== undefined && this.#own.isOrphan(lease);
    const reason = isOrphan ? 'released' : whyTakeOver(lease, overdue);
    if (reason === null) return null;
    return this.#begin(
      name,
      reason,
      settings,
      lease === undefined
        ? ['', '', '']
        : [String(lease.fencingToken), lease.holder, String(lease.renewals)],
    );
  }

  async #find(name: string) {
    const begunAt = this.clock.monotonic();
    const { epoch, now, lease } = readReply(await this.server.run(lookAtLease, [name]));
    this.server.noteEpoch(epoch);
    if (lease === undefined) return { lease, overdue: 0, summary: null };
    this.#noteToken(lease);
    const look: Look = { begunAt, endedAt: this.clock.monotonic() };
    const overdue = this.#sightings.overdue(lease, now, look);
    return { lease, overdue, summary: summarise(lease, overdue) };
  }

  /** Begins a term in place of the one that is meant; `null` when somebody was faster. */
  #begin(
    name: string,
    reason: TermReason,
    settings: LeaseSettings,
    meant: readonly [token: string, holder: string, renewals: string],
  ): Promise<RedisLease | null> {
    this.#assertOpen();
    return this.#own.begin(name, () => this.#beginTerm(name, reason, settings, meant));
  }

  async #beginTerm(
    name: string,
    reason: TermReason,
    settings: LeaseSettings,
    meant: readonly [token: string, holder: string, renewals: string],
  ): Promise<RedisLease | null> {
    const attemptedAt = this.clock.monotonic();
    const { id } = this.instance;
    const reply = await this.server.run(beginTerm, [
      name,
      ...meant,
      randomBytes(12).toString('base64url'),
      String(this.#tokens.get(name) ?? 0),
      id,
      describeInstance(this.instance),
      reason,
      String(settings.durationMilliseconds),
    ]);
    if (reply === null) return null;
    const { epoch, lease: record } = readReply(reply);
    this.server.noteEpoch(epoch);
    if (record === undefined) return null;
    this.#noteToken(record);
    const lease = new RedisLease({
      server: this.server,
      holder: this.instance,
      settings,
      record,
      attemptedAt,
      onEnd: (ended) => this.#held.delete(ended),
    });
    // Closed while the server was asked: nobody would release it any more.
    if (this.#closing.signal.aborted) {
      await lease.release();
      this.#assertOpen();
    }
    this.#held.add(lease);
    publish('onehost:lease-acquired', { name, fencingToken: record.fencingToken, reason });
    return lease;
  }

  #noteToken({ name, fencingToken }: LeaseRecord): void {
    this.#tokens.set(name, Math.max(this.#tokens.get(name) ?? 0, fencingToken));
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
  }
}

/** @param overdue for how many milliseconds it has not been renewed. */
function whyTakeOver(lease: LeaseRecord | undefined, overdue: number): TermReason | null {
  if (lease === undefined) return 'first';
  if (lease.holder === '') return 'released';
  return overdue >= lease.durationMilliseconds ? 'expired' : null;
}

function summarise(lease: LeaseRecord, overdue: number): LeaseSummary {
  const { name, holder, instance, fencingToken, reason, durationMilliseconds } = lease;
  const isOverdue = overdue >= durationMilliseconds;
  return {
    name,
    holder: holder === '' ? null : instance,
    fencingToken,
    reason,
    durationSeconds: durationMilliseconds / 1000,
    acquiredAt: new Date(lease.acquiredAt),
    lastHeartbeatAt: new Date(lease.renewedAt),
    evidence: holder === '' ? 'none' : isOverdue ? 'overdue' : 'renewed',
  };
}

function closedError(): LeaseStoreClosedError {
  return new LeaseStoreClosedError(
    'This lease store was closed. Close it last, after the jobs that need its leases.',
  );
}
