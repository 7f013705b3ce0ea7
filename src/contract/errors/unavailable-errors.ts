import type { OnehostError } from './onehost-error.ts';

/**
 * The server that keeps the sessions did not answer in time, or is not there. Of a write it is not known whether it was done; an
 * invalidation that throws this must be repeated.
 */
export class CacheUnavailableError extends Error implements OnehostError {
  override readonly name = 'CacheUnavailableError';
  readonly code = 'ONEHOST_CACHE_UNAVAILABLE';
}

/**
 * The server that keeps the leases and jobs did not answer in time, or is not there. Of a write it is not known whether it was done:
 * whoever holds a lease trusts itself until its window closes, and no longer.
 */
export class LeaseStoreUnavailableError extends Error implements OnehostError {
  override readonly name = 'LeaseStoreUnavailableError';
  readonly code = 'ONEHOST_LEASE_STORE_UNAVAILABLE';
}

/** What was asked for needs a package that is not installed, or not whole. */
export class PeerMissingError extends Error implements OnehostError {
  override readonly name = 'PeerMissingError';
  readonly code = 'ONEHOST_PEER_MISSING';
}

/** The server, or the way it is set up, cannot keep what onehost promises. Nothing was written. */
export class ServerUnsuitableError extends Error implements OnehostError {
  override readonly name = 'ServerUnsuitableError';
  readonly code = 'ONEHOST_SERVER_UNSUITABLE';
}
