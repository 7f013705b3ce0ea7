import { hash } from 'node:crypto';
import type { SessionSummary } from '../../contract/session.ts';

/**
 * An entry in Redis is one string: a header of fixed width, so that a script changes the times without touching the payload and a reader
 * cuts it off without a search, and the payload. The header is, one after the other:
 *
 * - the generation it belongs to: `clear` begins another, and what is of an earlier one is not there for anybody;
 * - what stands for the user (the SHA-256 of the id in base64url, of one width whatever the id);
 * - when it was created, when it was last set or touched, and when it expires: milliseconds since 1970-01-01 UTC, in 16 digits.
 */
export const GENERATION_LENGTH = 16;
export const USER_LENGTH = 43;
const TIME_LENGTH = 16;
const TIMES_AT = GENERATION_LENGTH + USER_LENGTH;
export const TOUCHED_AT: number = TIMES_AT + TIME_LENGTH;
export const HEADER_LENGTH: number = TIMES_AT + 3 * TIME_LENGTH;

/** What stands for a user in keys and headers. */
export function userMark(userId: string): string {
  return hash('sha256', userId, 'base64url');
}

/** What stands for whose it is. */
export function userOf(entry: string): string {
  return entry.slice(GENERATION_LENGTH, TIMES_AT);
}

export function payloadOf(entry: string): string {
  return entry.slice(HEADER_LENGTH);
}

export function expiryOf(entry: string): number {
  return timeAt(entry, 2);
}

export function timesOf(
  entry: string,
): Pick<SessionSummary, 'createdAt' | 'touchedAt' | 'expiresAt'> {
  return {
    createdAt: new Date(timeAt(entry, 0)),
    touchedAt: new Date(timeAt(entry, 1)),
    expiresAt: new Date(timeAt(entry, 2)),
  };
}

function timeAt(entry: string, index: number): number {
  const start = TIMES_AT + index * TIME_LENGTH;
  return Number(entry.slice(start, start + TIME_LENGTH));
}

/** The command that reads the entry of a token, together with what it must belong to. */
export function readingOf(prefix: string, tokenHash: string): string[] {
  return ['MGET', `${prefix}generation`, `${prefix}s:${tokenHash}`];
}

/** The entry in the answer to {@link readingOf}, if it is there for readers. */
export function entryIn(answer: unknown): string | null {
  const [generation, entry] = answer as [string | null, string | null];
  return entry !== null && generation !== null && entry.startsWith(generation) ? entry : null;
}
