import { randomBytes } from 'node:crypto';

/**
 * A new secret for a session: 256 random bits in base64url, 43 characters, fit for a cookie as it is.
 *
 * OWASP asks for at least 64 bits of entropy in a session id; with 256 nobody need count the guesses.
 */
export function newSessionToken(): string {
  return randomBytes(32).toString('base64url');
}
