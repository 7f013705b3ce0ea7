import { parse, stringify } from 'devalue';
import { UnreadableEntryError } from '../contract/errors/index.ts';
import { inspectSession } from './inspect-session.ts';

/** A session as text, and what had to be known of it to write it. */
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
 * @throws what `inspectSession` throws.
 */
export function encodeSession(session: unknown): EncodedSession {
  const { userId, json } = inspectSession(session);
  return { userId, payload: json ? JSON.stringify(session) : stringify(session) };
}

/** @throws UnreadableEntryError when `payload` was not written by {@link encodeSession}. */
export function decodeSession<S>(payload: string): S {
  try {
    return payload.charCodeAt(0) === 0x7b ? JSON.parse(payload) : parse(payload);
  } catch (cause) {
    throw new UnreadableEntryError(
      'An entry is there, but its payload cannot be read: it was written by a newer version of ' +
        'onehost, or changed by hand. Invalidate its token (or call clear()), and log in again.',
      { cause },
    );
  }
}
