import type { OnehostError } from './onehost-error.ts';

/** A token that is no string, empty, or too long. The message never holds the token. */
export class InvalidTokenError extends TypeError implements OnehostError {
  override readonly name = 'InvalidTokenError';
  readonly code = 'ONEHOST_INVALID_TOKEN';
}

/** A user id that cannot name a user for certain. */
export class InvalidUserIdError extends TypeError implements OnehostError {
  override readonly name = 'InvalidUserIdError';
  readonly code = 'ONEHOST_INVALID_USER_ID';
}

/** A duration that is not finite or not more than 0. */
export class InvalidDurationError extends RangeError implements OnehostError {
  override readonly name = 'InvalidDurationError';
  readonly code = 'ONEHOST_INVALID_DURATION';
}

/** An option that is unknown (a likely misspelling is named) or out of its range. */
export class InvalidOptionError extends TypeError implements OnehostError {
  override readonly name = 'InvalidOptionError';
  readonly code = 'ONEHOST_INVALID_OPTION';
}
