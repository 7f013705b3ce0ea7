import type { Awaitable } from './awaitable.ts';
import type { SessionCacheCapabilities } from './capabilities.ts';
import type { PurgeOptions, PurgeResult } from './purge.ts';
import type { Session, SessionSummary, UserId } from './session.ts';
import type { SessionLoader } from './session-loader.ts';

/**
 * Sessions by token, with an index by user. The same promises hold for every backend, as far as its
 * {@link SessionCacheCapabilities} reach, and `onehost/testing` has the suite that proves them.
 *
 * - What comes out equals what went in, and is never the object that went in. A session of plain data
 *   comes out deeply frozen, so that readers may be given the same object; one that holds a `Date`, `Map`, `Set`,
 *   `RegExp`, `ArrayBuffer` or typed array comes out as a copy of its own for each reader.
 * - An entry is never returned at or after its expiry.
 * - Once an invalidation has returned, no read that starts later gives the entry. An invalidation
 *   that cannot be carried out throws; it is never swallowed.
 *
 * Every method throws `InvalidTokenError`, `InvalidUserIdError`, `InvalidDurationError` or
 * `InvalidOptionError` for an argument that cannot be meant, before anything is read or written, and `CacheClosedError` after
 * `close`. A method that answers with a promise rejects instead.
 */
export interface SessionCache<S extends Session = Session> extends AsyncDisposable {
  readonly capabilities: SessionCacheCapabilities;

  /**
   * The live session of this token, or `null`. Treat it as read-only: plain data is frozen, and what is
   * not is a copy, so a change reaches nobody.
   */
  get(token: string): Awaitable<S | null>;

  /**
   * Keeps `session` for `ttlSeconds` (finite, more than 0), in place of what the token had.
   *
   * It is unconditional: a `set` that comes after an invalidation keeps what it is given. An app with a
   * store of its own had better let {@link getOrLoad} keep what is in it.
   *
   * @throws InvalidSessionError when `session` is no object or has no `userId`.
   * @throws UnstorableValueError when something in it cannot be kept; it names the path.
   */
  set(token: string, session: S, ttlSeconds: number): Awaitable<void>;

  /**
   * The live session of this token; if there is none, what `load` finds, which is then kept.
   *
   * A session that is invalidated while it is being loaded (by token, user or `clear`, in any process
   * within reach) is neither kept nor returned: it is loaded again. Callers in one process that ask
   * for one token at the same time share one load. A `null` from the loader is not kept. What the
   * loader throws reaches every caller that shared the load.
   *
   * A cache that cannot be written throws, although the load succeeded.
   *
   * @throws LoadRefusedError when each of 16 loads was overtaken by an invalidation.
   */
  getOrLoad(token: string, load: SessionLoader<S>): Promise<S | null>;

  /**
   * Lets the live session of this token expire `ttlSeconds` from now, sooner or later than it would
   * have; `false` when there is none. It never brings an entry back. A backend may leave out the
   * write when too little of the lifetime has passed, and says so where it does.
   */
  touch(token: string, ttlSeconds: number): Awaitable<boolean>;

  /** Drops the entry of this token; whether there was a live one. */
  invalidate(token: string): Awaitable<boolean>;

  /** Drops every entry of a user, but for the one of `exceptToken`; how many live ones there were. */
  invalidateByUser(userId: UserId, options?: InvalidateByUserOptions): Awaitable<number>;

  /**
   * Drops the one entry of this user that {@link SessionSummary.id} names, as `invalidate` would;
   * whether there was a live one. An id of another user's session drops nothing.
   */
  invalidateById(userId: UserId, id: string): Awaitable<boolean>;

  /** The user's live sessions, the last set or touched first. */
  listByUser(userId: UserId): Awaitable<SessionSummary<S>[]>;

  /**
   * Drops every entry. A backend may take them from where they are kept only later, as it does those that have
   * expired; for every method but {@link purgeExpired} they are gone at once.
   */
  clear(): Awaitable<void>;

  /**
   * Removes entries that have expired or were cleared, a slice at a time. It is never needed for correctness: no
   * such entry is returned, and every `set` removes a few.
   */
  purgeExpired(options?: PurgeOptions): Promise<PurgeResult>;

  /**
   * Lets go of what this object holds. Calling it again does nothing. A connection that was passed in
   * stays open: it belongs to whoever opened it.
   */
  close(): Awaitable<void>;
}

export interface InvalidateByUserOptions {
  /** The token whose session stays: "log out everywhere else". */
  readonly exceptToken?: string | undefined;
}
