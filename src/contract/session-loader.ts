import type { Awaitable } from './awaitable.ts';
import type { Session } from './session.ts';

/** What a loader found in the app's own store. */
export interface LoadedSession<S extends Session = Session> {
  readonly session: S;
  /** How long the entry may live in the cache, in seconds; finite and more than 0. */
  readonly ttlSeconds: number;
}

/**
 * Looks a token up in the app's own store, the source of truth; `null` or `undefined` when it is not valid
 * there.
 *
 * The app must change its own store *before* it calls an invalidation: a load that begins after the
 * invalidation reads what the store says by then. If the process ends between the two, a session that
 * was cached before lives on until it expires: repeat the invalidation when the request is repeated.
 * The store must be as durable as the invalidation: if a power cut can undo the change there (as with SQLite's
 * `synchronous = normal` in WAL mode), the next load brings the revoked login back.
 *
 * A loader must end: one that hangs holds up everyone who asks this process for the token, so give it a
 * time limit. It must not ask for its own token: it would wait for itself.
 */
export type SessionLoader<S extends Session = Session> = (
  token: string,
) => Awaitable<LoadedSession<S> | null | undefined>;
