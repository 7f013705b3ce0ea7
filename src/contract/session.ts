/**
 * Whom a session belongs to. `1` and `"1"` are the same user: ids are compared by their text.
 *
 * A number must be a safe integer, since an id that has lost its last digits names another user;
 * pass larger ids as strings. A string must not be empty, must be well-formed Unicode and may have
 * up to {@link MAX_USER_ID_LENGTH} UTF-16 code units.
 */
export type UserId = string | number;

/** The longest user id, in UTF-16 code units. */
export const MAX_USER_ID_LENGTH = 1024;

/** The longest token, in UTF-16 code units. A cookie as a whole may have about as many bytes. */
export const MAX_TOKEN_LENGTH = 4096;

/** What the cache keeps for a token. The app extends it with data of its own. */
export interface Session {
  readonly userId: UserId;
}

/** One live session as a device list shows it. */
export interface SessionSummary<S extends Session = Session> {
  /**
   * The session's public id: stable for as long as the token is used, safe to show and to send to
   * the browser. Neither the token nor the hash at rest can be derived from it. `sessionIdOf(token)`
   * gives the id of the session at hand; `invalidateById` ends the session an id names.
   */
  readonly id: string;
  readonly session: S;
  /** When the token got its session; a `set` in place of a live one of the same user leaves it as it is. */
  readonly createdAt: Date;
  /** When the session was last set or touched; a touch that was coalesced is not recorded. */
  readonly touchedAt: Date;
  readonly expiresAt: Date;
}
