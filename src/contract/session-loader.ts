import type { Awaitable } from './awaitable.ts';
import type { Session } from './session.ts';

/** What a loader found in the app's own store. */
export interface LoadedSession<S extends Session = Session> {
  readonly session: S;
  /** How long the entry may live in the cache, in seconds; finite and more than 0. */
  readonly ttlSeconds: number;
}

/**
 * Looks a token up in the app's own store, the source of truth; `null` when it is not valid there.
 *
 * The app must change its own store *before* it calls an invalidation: a load that begins after the
 * invalidation reads what the store says by then.
 */
export type SessionLoader<S extends Session = Session> = (
  token: string,
) => Awaitable<LoadedSession<S> | null>;
