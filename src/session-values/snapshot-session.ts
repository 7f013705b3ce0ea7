import { InvalidSessionError, isOnehostError } from '../contract/errors/index.ts';
import type { Session } from '../contract/session.ts';
import { describeType, userKey } from '../contract/validate-arguments.ts';
import { Snapshot } from './snapshot.ts';

/** A session as it was at one moment. */
export interface SessionSnapshot {
  /** The user id as ids are compared. */
  readonly userId: string;
  readonly session: object;
  /** Whether JSON keeps it whole. */
  readonly json: boolean;
}

/**
 * A copy of a session, made of nothing but what can be kept. Each property is read once: what was looked at
 * is what is encoded, whatever a getter or a Proxy answers the second time.
 *
 * Kept are: null, undefined, booleans, numbers, bigints, strings, plain objects and arrays, `Date`,
 * `Map`, `Set`, `RegExp`, `ArrayBuffer` and typed arrays, in any nesting, with cycles.
 *
 * @throws InvalidSessionError when it is no plain object, or has no `userId`.
 * @throws InvalidUserIdError when its `userId` is none.
 * @throws UnstorableValueError for anything else in it, and for what throws when it is read; it names the path.
 */
export function snapshotSession(session: unknown): SessionSnapshot {
  const found = describeType(session);
  if (found !== 'an object') {
    throw new InvalidSessionError(`A session must be an object with a userId, but found ${found}.`);
  }
  const snapshot = new Snapshot();
  const copy = copyOf(session, snapshot) as Partial<Session>;
  if (copy.userId === undefined || copy.userId === null) {
    throw new InvalidSessionError(
      'A session must have a userId: the id of the user, not of the session row, ' +
        'so that invalidateByUser finds every session of that user.',
    );
  }
  return { userId: userKey(copy.userId), session: copy, json: snapshot.json };
}

function copyOf(session: unknown, snapshot: Snapshot): unknown {
  try {
    return snapshot.of(session);
  } catch (error) {
    throw isOnehostError(error) ? error : snapshot.unreadable(error);
  }
}
