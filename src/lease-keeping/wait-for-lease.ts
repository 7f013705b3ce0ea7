import type { Awaitable } from '../contract/awaitable.ts';
import type { Clock } from '../contract/clock.ts';
import type { Lease } from '../contract/lease.ts';
import { pause } from '../waiting/pause.ts';
import type { WaitSettings } from './lease-settings.ts';

/** How a standby goes about its wait. */
export interface Wait<L extends Lease> extends WaitSettings {
  readonly clock: Clock;
  readonly pollMilliseconds: number;
  /** Aborts when the store is closed. */
  readonly closed: AbortSignal;
  /** The lease, or `null` while somebody else holds it. */
  attempt(): Awaitable<L | null>;
  /** Whether an attempt that threw this is worth another one. */
  isTransient(error: unknown): boolean;
  /** What is thrown at the end. @param failure of the last attempt, if it was transient. */
  timedOut(failure: unknown): Awaitable<unknown>;
  /** Aborts when the lease may have come free, so that the next poll need not be waited for; polling goes on in any case. */
  nextNotice?(): AbortSignal;
}

/** Attempts at once, then at each poll and notice, until it is had, the time is over, or a signal comes. */
export async function waitForLease<L extends Lease>(wait: Wait<L>): Promise<L> {
  const end = wait.clock.monotonic() + wait.timeoutMilliseconds;
  for (;;) {
    throwIfEnded(wait);
    // Before the attempt: a notice that comes during it is not to be missed.
    const notice = wait.nextNotice?.();
    let failure: unknown;
    let lease: L | null = null;
    try {
      lease = await wait.attempt();
    } catch (error) {
      if (!wait.isTransient(error)) throw error;
      failure = error;
    }
    if (lease !== null) {
      if (isEnded(wait)) await lease.release();
      throwIfEnded(wait);
      return lease;
    }
    const left = end - wait.clock.monotonic();
    if (left <= 0) throw await wait.timedOut(failure);
    await pause(
      wait.clock,
      Math.min(wait.pollMilliseconds, left),
      wait.signal,
      wait.closed,
      notice,
    );
  }
}

function isEnded({ signal, closed }: Pick<Wait<Lease>, 'signal' | 'closed'>): boolean {
  return closed.aborted || signal?.aborted === true;
}

function throwIfEnded({ signal, closed }: Pick<Wait<Lease>, 'signal' | 'closed'>): void {
  closed.throwIfAborted();
  signal?.throwIfAborted();
}
