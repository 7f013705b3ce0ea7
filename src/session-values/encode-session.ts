import { parse, stringify } from 'devalue';
import { UnreadableEntryError } from '../contract/errors/index.ts';
import { snapshotSession } from './snapshot-session.ts';

/** A session as text, and whom it belongs to. */
export interface EncodedSession {
  /** The user id as ids are compared. */
  readonly userId: string;
  readonly payload: string;
}

/**
 * A session as text: JSON where JSON keeps it whole, and devalue's extension of JSON elsewhere. The
 * first character tells them apart, since a session is an object (`{`) and devalue writes a list (`[`).
 *
 * docs/decisions/0002-session-codec.md has the measurement that chose them: JSON is the fastest there
 * is for plain data, and devalue the only kept library that brought everything back as it was.
 *
 * @throws what `snapshotSession` throws.
 */
export function encodeSession(value: unknown): EncodedSession {
  const { userId, session, json } = snapshotSession(value);
  return { userId, payload: json ? JSON.stringify(session) : stringify(session) };
}

export function isJson(payload: string): boolean {
  return payload.charCodeAt(0) === 0x7b;
}

/**
 * Hands the decoded session to `use`, which may go through it to its depth.
 *
 * @throws UnreadableEntryError when `payload` was not written by {@link encodeSession}. It has no `cause`:
 *   a parser's message quotes what it could not read.
 */
export function decodeSession<S, T>(payload: string, use: (session: S) => T): T {
  try {
    const session = isJson(payload) ? JSON.parse(payload) : parse(payload);
    if ((session as { userId?: unknown }).userId !== undefined) return use(session);
  } catch {
    // Falls through to the error that says what to do.
  }
  throw new UnreadableEntryError(
    'An entry is there, but its payload is not that of a session: it was written by a newer version of ' +
      'onehost, or changed by hand. Invalidate its token (or call clear()), and log in again.',
  );
}
