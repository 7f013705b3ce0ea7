import { InvalidTransactionError, LeaseLostError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import type { Instance } from '../../contract/instance.ts';
import type { Lease, TermReason } from '../../contract/lease.ts';
import { LeaseKeeper } from '../../lease-keeping/lease-keeper.ts';
import type { LeaseSettings } from '../../lease-keeping/lease-settings.ts';
import { type LeaseRecord, readReply } from './lease-record.ts';
import { lookAtLease, releaseTerm, renewTerm } from './lease-scripts.ts';
import type { LeaseServer } from './lease-server.ts';
import type { Script } from './script.ts';

/** What a script under the fence answers when the term is over. */
export const LOST = 'lost';

/** How long may be asked who has the lease, once it is known that this one has it no more: whoever works under it is to know soon. */
const SUCCESSOR_SECONDS = 1;

/** What a lease is made of; the lease store hands it over. */
export interface RedisLeaseParts {
  readonly server: LeaseServer;
  readonly holder: Instance;
  readonly settings: LeaseSettings;
  /** What was written when it was acquired. */
  readonly record: LeaseRecord;
  /** When the attempt that acquired it began, on the monotonic clock here. */
  readonly attemptedAt: number;
  /** The term is over. */
  readonly onEnd: (lease: RedisLease) => void;
}

/** A term of a lease in Redis. On top of what the contract says its methods throw `LeaseStoreUnavailableError` when the server cannot be asked. */
export class RedisLease implements Lease<never> {
  readonly name: string;
  readonly holder: Instance;
  readonly fencingToken: number;
  readonly reason: TermReason;
  readonly #parts: RedisLeaseParts;
  readonly #term: readonly [name: string, token: string, holder: string];
  readonly #keeper: LeaseKeeper;
  /** Whether the server has been told that the term is over. */
  #isReleased = false;

  /** @internal */
  constructor(parts: RedisLeaseParts) {
    const { record, settings, server } = parts;
    const { name, fencingToken } = record;
    this.name = name;
    this.holder = parts.holder;
    this.fencingToken = fencingToken;
    this.reason = record.reason;
    this.#parts = parts;
    this.#term = [name, String(fencingToken), record.holder];
    const { durationMilliseconds, marginMilliseconds } = settings;
    this.#keeper = new LeaseKeeper(
      {
        name,
        fencingToken,
        durationMilliseconds,
        marginMilliseconds,
        attemptedAt: parts.attemptedAt,
      },
      server.clock,
      () => this.renew(),
    );
    this.signal.addEventListener('abort', () => parts.onEnd(this), { once: true });
  }

  /** Where it is kept. @internal */
  get server(): LeaseServer {
    return this.#parts.server;
  }

  get signal(): AbortSignal {
    return this.#keeper.signal;
  }

  isHeld(): boolean {
    return this.#keeper.isHeld();
  }

  async renew(): Promise<void> {
    this.#keeper.assertHeld();
    const { server, settings } = this.#parts;
    const attemptedAt = server.clock.monotonic();
    // Soon enough for another attempt, should this one hang.
    const seconds = settings.durationMilliseconds / 4000;
    if ((await server.run(renewTerm, this.#term, seconds)) !== 1) throw await this.#replaced();
    this.#keeper.renewed(attemptedAt);
  }

  /**
   * Redis has no transaction that the app's own work could be part of, and what it writes elsewhere is fenced there.
   *
   * @throws InvalidTransactionError always.
   */
  async transaction(): Promise<never> {
    throw new InvalidTransactionError(
      'A lease in Redis has no transactions (capabilities.transactions is false). Hand lease.fencingToken to what you write to, and have that ' +
        'refuse lower ones than it has seen.',
    );
  }

  /**
   * Runs a script whose first arguments are the term, and which answers {@link LOST} first and does nothing when that is not the current one.
   *
   * @internal
   */
  async write(script: Script, args: readonly string[]): Promise<readonly unknown[]> {
    this.#keeper.assertHeld();
    const reply = (await this.#parts.server.run(script, [...this.#term, ...args])) as unknown[];
    if (reply[0] === LOST) throw await this.#replaced();
    return reply;
  }

  /** See the contract. When the server cannot be told it throws; the term is over here, and for others after its duration. */
  async release(): Promise<boolean> {
    if (this.#isReleased) return false;
    const wasHeld = this.#keeper.release();
    // Also a term that was lost by the clock alone, so that nobody has to wait for its end.
    const wasCurrent = (await this.#parts.server.run(releaseTerm, this.#term)) === 1;
    this.#isReleased = true;
    if (wasHeld && wasCurrent) {
      publish('onehost:lease-released', { name: this.name, fencingToken: this.fencingToken });
    }
    return wasHeld && wasCurrent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** Another term is the current one: this one is over. What to throw. */
  async #replaced(): Promise<LeaseLostError> {
    // It is over whether or not the server can still say who has it.
    const lease = await this.#successor();
    const error = new LeaseLostError(
      `The lease "${this.name}" (fencing token ${this.fencingToken}) ${describeSuccessor(lease)}. Nothing was written. ` +
        'Stop what it was for, and acquire it again.',
    );
    this.#keeper.lose(error);
    return error;
  }

  async #successor(): Promise<LeaseRecord | 'unknown' | undefined> {
    try {
      const { server } = this.#parts;
      return readReply(await server.run(lookAtLease, [this.name], SUCCESSOR_SECONDS)).lease;
    } catch {
      return 'unknown';
    }
  }
}

function describeSuccessor(lease: LeaseRecord | 'unknown' | undefined): string {
  if (lease === 'unknown') return 'is over';
  if (lease === undefined) return 'is not on the server any more, which has lost its data';
  if (lease.holder === '') {
    return `is over: a later term (${lease.fencingToken}) has been released since`;
  }
  const { processId, host } = lease.instance;
  const how = lease.reason === 'stolen' ? 'was stolen' : `was taken over (${lease.reason})`;
  return `${how} by process ${processId} on ${host} (fencing token ${lease.fencingToken})`;
}
