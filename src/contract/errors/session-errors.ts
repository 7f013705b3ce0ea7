import type { OnehostError } from './onehost-error.ts';

/** What was to be kept, or what a loader gave, does not have the form of a session. */
export class InvalidSessionError extends TypeError implements OnehostError {
  override readonly name = 'InvalidSessionError';
  readonly code = 'ONEHOST_INVALID_SESSION';
}

/** A session holds something that would not come out as it went in. */
export class UnstorableValueError extends TypeError implements OnehostError {
  override readonly name = 'UnstorableValueError';
  readonly code = 'ONEHOST_UNSTORABLE_VALUE';
  /** Where the value stands, as one would write it in code: `session.devices[2].onClose`; `…` for a name that may be a token. */
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** An entry is there but its payload cannot be read: written by a newer version, or damaged. */
export class UnreadableEntryError extends Error implements OnehostError {
  override readonly name = 'UnreadableEntryError';
  readonly code = 'ONEHOST_UNREADABLE_ENTRY';
}

/** Each of 16 loads of a session was overtaken by an invalidation, or by more changes than are kept. */
export class LoadRefusedError extends Error implements OnehostError {
  override readonly name = 'LoadRefusedError';
  readonly code = 'ONEHOST_LOAD_REFUSED';
}

/** The cache was used after its `close`. */
export class CacheClosedError extends Error implements OnehostError {
  override readonly name = 'CacheClosedError';
  readonly code = 'ONEHOST_CACHE_CLOSED';

  /** @param cache the name of its class. */
  constructor(cache: string) {
    super(
      `This ${cache} was closed. Use a cache for as long as requests arrive, and close it after the server.`,
    );
  }
}
