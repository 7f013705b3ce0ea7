import type { Awaitable } from './awaitable.ts';
import type { Clock } from './clock.ts';
import type { Instance } from './instance.ts';
import type { Lease, Term, TermReason } from './lease.ts';

/** The longest name of a lease or a job, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 200;

export interface LeaseOptions {
  /**
   * How long a term lasts without renewal, 15 by default, at most a year. A holder that hangs is replaced after it; one that has died, where
   * the backend can tell, much sooner.
   */
  readonly durationSeconds?: number | undefined;
  /**
   * How long before the end the holder stops trusting itself; less than `durationSeconds`, a tenth of it by
   * default. It is what is left for work that has heard its signal.
   */
  readonly marginSeconds?: number | undefined;
  /**
   * What is to be believed of a holder that seems to have died. `prompt`, the default: take over at once, since a
   * holder that lives on after all is kept from writing by the fence. `cautious`: only if it has also missed a renewal; for what no
   * fence can undo.
   */
  readonly takeover?: 'prompt' | 'cautious' | undefined;
}

export interface AcquireOptions extends LeaseOptions {
  /** The longest wait; without end by default. */
  readonly timeoutSeconds?: number | undefined;
  /** Ends the wait; it rejects with the signal's reason. A lease that was acquired is not touched. */
  readonly signal?: AbortSignal | undefined;
}

/** A lease as an operator sees it. Times are for display: no decision is made by them. */
export interface LeaseSummary extends Omit<Term, 'holder'> {
  /** `null` when nobody holds it. */
  readonly holder: Instance | null;
  /** How the newest term came about. */
  readonly reason: TermReason;
  readonly durationSeconds: number;
  readonly acquiredAt: Date;
  readonly lastHeartbeatAt: Date;
  readonly evidence: HolderEvidence;
}

/**
 * What speaks for the holder being alive. `renewed`: it renewed within its duration; `process-lives`: it did not, but its process is
 * there (stopped, or busy); `process-gone`: it renewed, but its process has ended since; `overdue`: it did not
 * renew, and nothing is known of its process; `none`: nobody holds the lease.
 */
export type HolderEvidence = 'renewed' | 'process-lives' | 'process-gone' | 'overdue' | 'none';

/** What a backend can do. Code asks these, and never what class a store is of. */
export interface LeaseStoreCapabilities {
  /** Who contends: the processes of one host, or of a network. */
  readonly reach: 'host' | 'network';
  /** Whether the end of a holder's process can be seen before its duration is over. */
  readonly seesProcessEnd: boolean;
  /** Whether `lease.transaction` writes under the fence. */
  readonly transactions: boolean;
}

/**
 * Leases by name: at most one instance at a time can write under each of them. `onehost/testing` has the suite that proves it.
 *
 * Every method throws `InvalidNameError`, `InvalidDurationError` or `InvalidOptionError` for an argument that cannot be
 * meant, and `LeaseStoreClosedError` after `close`.
 */
export interface LeaseStore<Connection = unknown> extends AsyncDisposable {
  readonly capabilities: LeaseStoreCapabilities;
  /** Whom other instances see as the holder of what is acquired here. */
  readonly instance: Instance;
  /** By which durations are measured here. */
  readonly clock: Clock;

  /**
   * Waits until this instance holds the lease; for ever, if this instance holds it already and does not release it.
   *
   * @throws LeaseTimeoutError after `timeoutSeconds`; it says who holds it. A store on a server may throw what kept it from being asked.
   */
  acquire(name: string, options?: AcquireOptions): Promise<Lease<Connection>>;

  /** The lease if it can be had now; `null` when somebody holds it, this instance included. */
  tryAcquire(name: string, options?: LeaseOptions): Awaitable<Lease<Connection> | null>;

  /**
   * Takes the lease from the holder of exactly this term, dead or alive: an administrator's means. `null` when the term is
   * over already. The holder learns of it at its next renewal, and cannot write in the meantime.
   */
  steal(term: Term, options?: LeaseOptions): Awaitable<Lease<Connection> | null>;

  /** Every lease that was ever held, by name: take names from a fixed set, and not one for each user or order. */
  list(): Awaitable<LeaseSummary[]>;

  /** Releases what is held, and ends the waits. Calling it again does nothing. */
  close(): Awaitable<void>;
}
