import type { LeaseSummary } from '../lease-store.ts';
import type { OnehostError } from './onehost-error.ts';

/** A name of a lease or a job that is no string, empty, too long, or not well-formed. */
export class InvalidNameError extends TypeError implements OnehostError {
  override readonly name = 'InvalidNameError';
  readonly code = 'ONEHOST_INVALID_NAME';
}

/** The term is over: what was to be done under it was not done. */
export class LeaseLostError extends Error implements OnehostError {
  override readonly name = 'LeaseLostError';
  readonly code = 'ONEHOST_LEASE_LOST';
}

/** Somebody else held the lease for the whole of the wait. */
export class LeaseTimeoutError extends Error implements OnehostError {
  override readonly name = 'LeaseTimeoutError';
  readonly code = 'ONEHOST_LEASE_TIMEOUT';
  /** What was known of the lease at the end of the wait. */
  readonly lease: LeaseSummary | null;

  constructor(message: string, lease: LeaseSummary | null, options?: ErrorOptions) {
    super(message, options);
    this.lease = lease;
  }
}

/** The lease store was used after its `close`. */
export class LeaseStoreClosedError extends Error implements OnehostError {
  override readonly name = 'LeaseStoreClosedError';
  readonly code = 'ONEHOST_LEASE_STORE_CLOSED';
}

/** A transaction was used in a way that would break it: asynchronous work, a commit of its own, a write of onehost inside it. */
export class InvalidTransactionError extends Error implements OnehostError {
  override readonly name = 'InvalidTransactionError';
  readonly code = 'ONEHOST_INVALID_TRANSACTION';
}
