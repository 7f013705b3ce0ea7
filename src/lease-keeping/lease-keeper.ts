import { setMaxListeners } from 'node:events';
import type { Awaitable } from '../contract/awaitable.ts';
import type { CancelTimer, Clock } from '../contract/clock.ts';
import { LeaseLostError } from '../contract/errors/index.ts';
import { publish } from '../contract/events.ts';

export interface KeptTerm {
  readonly name: string;
  readonly fencingToken: number;
  readonly durationMilliseconds: number;
  readonly marginMilliseconds: number;
  /** When the attempt that acquired it began to write, on the monotonic clock. */
  readonly attemptedAt: number;
}

const LONGEST_RETRY_MILLISECONDS = 200;

/**
 * What the holder of a lease knows about its own term, and nothing else: whether it may still trust itself.
 *
 * ```text
 *   acquired ──▶ HELD ── release ─────────────────────────────▶ RELEASED
 *               │  ▲ └─ renewal refused: another term is current ─▶ LOST
 *      renewed  └──┘ └─ the trust window is over ─────────────────▶ LOST
 * ```
 *
 * RELEASED and LOST are final: a term that is over does not come back, not even when nobody has taken the lease.
 *
 * The trust window, on the monotonic clock:
 *
 * ```text
 *   attempt begins      attempt returns                trust ends     others may take over
 *   ├───────────────────┼──────────────────────────────┼──────────────┤
 *   │◀────────────── duration - margin ───────────────▶│◀── margin ──▶│
 * ```
 *
 * It counts from the beginning of the attempt: the backend notes the renewal somewhere between beginning and return, so whoever
 * counts from there never ends sooner than the holder does. (Where the backend notes the time itself, as SQLite's does once it has the
 * write lock, the attempt begins there.) An attempt that fails changes nothing, it is tried again, and the
 * window closes at its time. So it does when the process is stopped or its event loop held: {@link isHeld} looks at the
 * clock, and does not rely on a timer that could not run.
 */
export class LeaseKeeper {
  readonly #term: KeptTerm;
  readonly #clock: Clock;
  readonly #renew: () => Awaitable<void>;
  readonly #controller = endlesslyHeard();
  #trustedUntil: number;
  #nextAttempt: number;
  #lastFailure: unknown;
  #cancel: CancelTimer = () => {};

  /** @param renew the lease's own `renew`, which calls {@link renewed} or {@link lose}. */
  constructor(term: KeptTerm, clock: Clock, renew: () => Awaitable<void>) {
    this.#term = term;
    this.#clock = clock;
    this.#renew = renew;
    this.#trustedUntil = this.#trustFrom(term.attemptedAt);
    this.#nextAttempt = this.#renewalAfter(term.attemptedAt);
    this.#arm();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  isHeld(): boolean {
    if (this.signal.aborted) return false;
    if (this.#clock.monotonic() < this.#trustedUntil) return true;
    this.lose(this.#notRenewedInTime());
    return false;
  }

  /** @throws LeaseLostError unless it is held. */
  assertHeld(): void {
    if (!this.isHeld()) throw this.signal.reason;
  }

  /** The backend has noted a renewal that began then. */
  renewed(attemptedAt: number): void {
    this.#lastFailure = undefined;
    this.#trustedUntil = Math.max(this.#trustedUntil, this.#trustFrom(attemptedAt));
    this.#nextAttempt = this.#renewalAfter(attemptedAt);
    this.#arm();
  }

  /** The term is over, and not by the holder's will. */
  lose(error: LeaseLostError): void {
    if (!this.#end(error)) return;
    const { name, fencingToken } = this.#term;
    publish('onehost:lease-lost', { name, fencingToken, error });
  }

  /** The holder ends it; whether it was held until now. */
  release(): boolean {
    if (!this.isHeld()) return false;
    const { name, fencingToken } = this.#term;
    return this.#end(
      new LeaseLostError(
        `The lease "${name}" (fencing token ${fencingToken}) was released by its holder. Acquire it again to go on.`,
      ),
    );
  }

  #end(reason: LeaseLostError): boolean {
    if (this.signal.aborted) return false;
    this.#cancel();
    this.#controller.abort(reason);
    return true;
  }

  #arm(): void {
    this.#cancel();
    if (this.signal.aborted) return;
    const next = Math.min(this.#nextAttempt, this.#trustedUntil);
    this.#cancel = this.#clock.after(next - this.#clock.monotonic(), () => void this.#onTimer());
  }

  async #onTimer(): Promise<void> {
    if (!this.isHeld()) return;
    // Should the attempt hang, the window closes nevertheless.
    this.#nextAttempt = Number.POSITIVE_INFINITY;
    this.#arm();
    try {
      await this.#renew();
    } catch (error) {
      if (!this.isHeld()) return;
      this.#lastFailure = error;
      this.#nextAttempt = this.#clock.monotonic() + this.#retryMilliseconds;
      this.#arm();
      const { name, fencingToken } = this.#term;
      publish('onehost:lease-renewal-failed', { name, fencingToken, error });
    }
  }

  #trustFrom(attemptedAt: number): number {
    return attemptedAt + this.#term.durationMilliseconds - this.#term.marginMilliseconds;
  }

  /** A third of the duration, so that two renewals in a row may fail; sooner when the margin leaves less. */
  #renewalAfter(attemptedAt: number): number {
    const { durationMilliseconds, marginMilliseconds } = this.#term;
    return (
      attemptedAt +
      Math.min(durationMilliseconds / 3, (durationMilliseconds - marginMilliseconds) / 2)
    );
  }

  /** Several attempts in the window of a short term, and for a long one no longer wait than a locked file is worth. */
  get #retryMilliseconds(): number {
    return Math.min(this.#term.durationMilliseconds / 12, LONGEST_RETRY_MILLISECONDS);
  }

  #notRenewedInTime(): LeaseLostError {
    const { name, fencingToken, durationMilliseconds, marginMilliseconds } = this.#term;
    const window = (durationMilliseconds - marginMilliseconds) / 1000;
    const cause =
      this.#lastFailure === undefined
        ? 'The process was stopped, or its event loop held'
        : `Renewing failed (${describe(this.#lastFailure)})`;
    return new LeaseLostError(
      `The lease "${name}" (fencing token ${fencingToken}) was not renewed within ${window} s. ${cause}. ` +
        'Nothing more can be written under it; stop what it was for, and acquire it again.',
      { cause: this.#lastFailure },
    );
  }
}

/** Every job that runs listens to it: a dozen listeners are no leak. */
function endlesslyHeard(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
