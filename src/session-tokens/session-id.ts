import { hash } from 'node:crypto';
import { assertToken } from '../contract/validate-arguments.ts';
import { hashToken } from './hash-token.ts';

/**
 * The public id of the session that `token` belongs to, as `listByUser` gives it: 22 characters,
 * the same in every backend and process, computed without asking the cache.
 *
 * @throws InvalidTokenError when it is no token.
 */
export function sessionIdOf(token: string): string {
  assertToken(token);
  return sessionIdOfHash(hashToken(token));
}

/** A hash of the hash, so that who sees an id cannot look for it among the hashes at rest. */
export function sessionIdOfHash(tokenHash: string): string {
  return hash('sha256', `onehost session id ${tokenHash}`, 'base64url').slice(0, 22);
}
