import {
  InvalidDurationError,
  InvalidNameError,
  InvalidTokenError,
  InvalidUserIdError,
} from './errors/index.ts';
import { MAX_NAME_LENGTH } from './lease-store.ts';
import { MAX_TOKEN_LENGTH, MAX_USER_ID_LENGTH, type UserId } from './session.ts';

/** @throws InvalidTokenError unless `token` is a string of 1 to {@link MAX_TOKEN_LENGTH} code units. */
export function assertToken(token: unknown): asserts token is string {
  if (typeof token !== 'string') {
    throw new InvalidTokenError(
      `A token must be a string, but found ${describeType(token)}. ` +
        'If a request came without one, answer "not logged in" before asking the cache.',
    );
  }
  if (token.length === 0) {
    throw new InvalidTokenError(
      'A token must not be empty. ' +
        'If a request came without one, answer "not logged in" before asking the cache.',
    );
  }
  if (token.length > MAX_TOKEN_LENGTH) {
    throw new InvalidTokenError(
      `A token may have up to ${MAX_TOKEN_LENGTH} UTF-16 code units, but found ${token.length}. ` +
        'Use the random part alone (newSessionToken() makes 43 characters) and keep data in the session.',
    );
  }
}

/**
 * The text that ids are compared by: `1` and `"1"` give the same.
 *
 * @throws InvalidUserIdError for anything that {@link UserId} does not allow.
 */
export function userKey(userId: UserId): string {
  if (typeof userId === 'number') {
    if (!Number.isSafeInteger(userId)) {
      throw new InvalidUserIdError(
        `A user id that is a number must be a safe integer, but found ${userId}. ` +
          'Pass a larger id as a string: as a number it has lost digits and names another user.',
      );
    }
    return String(userId);
  }
  if (typeof userId !== 'string') {
    throw new InvalidUserIdError(
      `A user id must be a string or a number, but found ${describeType(userId)}.`,
    );
  }
  if (userId.length === 0 || userId.length > MAX_USER_ID_LENGTH) {
    throw new InvalidUserIdError(
      `A user id must have 1 to ${MAX_USER_ID_LENGTH} UTF-16 code units, but found ${userId.length}.`,
    );
  }
  if (!userId.isWellFormed()) {
    throw new InvalidUserIdError(
      'A user id must be well-formed Unicode, but found a lone surrogate: ' +
        'two such ids would be the same one in the database.',
    );
  }
  return userId;
}

/** @throws InvalidNameError unless `name` is well-formed Unicode of 1 to {@link MAX_NAME_LENGTH} code units. */
export function assertName(of: 'lease' | 'job', name: unknown): asserts name is string {
  if (typeof name !== 'string' || name.length === 0 || name.length > MAX_NAME_LENGTH) {
    const found = typeof name === 'string' ? `${name.length}` : describeType(name);
    throw new InvalidNameError(
      `The name of a ${of} must be a string of 1 to ${MAX_NAME_LENGTH} UTF-16 code units, but found ${found}.`,
    );
  }
  if (!name.isWellFormed()) {
    throw new InvalidNameError(
      `The name of a ${of} must be well-formed Unicode, but found a lone surrogate: two such names would be the same one in the database.`,
    );
  }
}

/** @throws InvalidDurationError unless `seconds` is a finite number of more than 0. */
export function assertDuration(name: string, seconds: unknown): asserts seconds is number {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) {
    const found = typeof seconds === 'number' ? String(seconds) : describeType(seconds);
    throw new InvalidDurationError(
      `${name} must be a finite number of seconds, more than 0, but found ${found}.`,
    );
  }
}

/** What to call a value in a message without showing what it holds. */
export function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (isArray(value)) return 'an array';
  const type = typeof value;
  if (type === 'object') return 'an object';
  return type === 'undefined' ? 'undefined' : `a ${type}`;
}

/** Of a Proxy that was revoked nothing can be told, not even this. */
function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}
