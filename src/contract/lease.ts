import type { Awaitable } from './awaitable.ts';
import type { Instance } from './instance.ts';

/**
 * How a term came about. `first`: nobody has held this lease before; `released`: the one before had ended its term;
 * `holder-died`: the process of the one before is gone; `expired`: it did not renew in time; `stolen`: somebody
 * took it by `steal`.
 */
export type TermReason = 'first' | 'released' | 'holder-died' | 'expired' | 'stolen';

/** What names one term, and no other: renewing, releasing and stealing take effect on exactly this one. */
export interface Term {
  readonly name: string;
  readonly holder: Instance;
  /**
   * Higher than that of every term of this lease before: a resource that remembers the highest one it has seen can refuse
   * who comes late (https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html). A safe integer beyond 32 bits.
   */
  readonly fencingToken: number;
}

/**
 * One term of a lease, as its holder has it.
 *
 * The holder trusts itself until `start of the last successful renewal + duration - margin` on the monotonic clock. Then, if
 * not sooner, {@link signal} aborts and the term is lost for good; only `margin` later may others take over because
 * of the time. Renewal goes on by itself every third of the duration, as long as the process runs, and does not keep it alive.
 *
 * @typeParam Connection what {@link transaction} hands to its work; the backend says what.
 */
export interface Lease<Connection = unknown> extends Term, AsyncDisposable {
  readonly reason: TermReason;
  /** Aborts when the term is over: lost (its reason is a `LeaseLostError`) or released. */
  readonly signal: AbortSignal;

  /**
   * Whether the holder may still trust itself, by a look at the clock and not at a timer that may be late. It is no
   * permission to write: between the answer and the write the process may be stopped. {@link transaction} is.
   */
  isHeld(): boolean;

  /**
   * Begins the duration anew, as the renewal by itself does.
   *
   * @throws LeaseLostError
   */
  renew(): Awaitable<void>;

  /**
   * Runs `work` in a transaction that commits only if this term is the current one. The fencing token decides and not the
   * clock: a process that was stopped for an hour, and wakes up, cannot write. What `work` does elsewhere, by another connection
   * than the one it is handed, is not fenced.
   *
   * @throws LeaseLostError; nothing was written.
   * @throws InvalidTransactionError when `work` ends or leaves the transaction.
   */
  transaction<T>(work: (connection: Connection) => Awaitable<T>): Awaitable<T>;

  /**
   * Ends the term, so that another can take over at once. `false` when it was lost or released before. Another's term is
   * never touched. Disposal does the same.
   */
  release(): Awaitable<boolean>;
}
