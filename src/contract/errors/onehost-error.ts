/**
 * What every error of onehost has besides its class: a code that stays the same between versions.
 * docs/errors.md lists each one with its cause and its remedy.
 *
 * It is an interface, not a base class, so that an error can also be what the language would throw:
 * a bad duration is a `RangeError`, a bad token a `TypeError`.
 */
export interface OnehostError extends Error {
  readonly code: `ONEHOST_${string}`;
}

/** Whether `error` was thrown by onehost, whichever copy of the package it came from. */
export function isOnehostError(error: unknown): error is OnehostError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ONEHOST_');
}
