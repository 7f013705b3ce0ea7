import type { Awaitable } from '../contract/awaitable.ts';
import type { SessionSummary } from '../contract/session.ts';
import type { PurgedSlice } from '../session-purging/purge-in-slices.ts';
import type { EncodedSession } from '../session-values/encode-session.ts';
import type { HeldSession } from '../session-values/held-session.ts';

/** What is listed of an entry. */
export interface ListedEntry<S>
  extends Pick<SessionSummary, 'createdAt' | 'touchedAt' | 'expiresAt'> {
  readonly tokenHash: string;
  readonly session: HeldSession<S>;
}

/**
 * What a backend across a network does for `RemoteSessionCache`, which has checked all arguments. Each method is one change or look as a
 * whole: others see all of it or nothing. By the server's clock an entry that has expired is not there, for any of them.
 *
 * A method throws `CacheUnavailableError` when the server cannot be asked. When `signal` aborts, what has not been sent yet must not be
 * sent any more; the caller has its answer already.
 *
 * @typeParam S the app's own session.
 */
export interface RemoteSessionStore<S> {
  find(tokenHash: string, signal: AbortSignal): Awaitable<HeldSession<S> | null>;

  put(
    tokenHash: string,
    session: EncodedSession,
    ttlSeconds: number,
    signal: AbortSignal,
  ): Awaitable<void>;

  /** A moment before a load, for {@link fill}; whatever stands for it. */
  openFence(tokenHash: string, signal: AbortSignal): Awaitable<string>;

  /**
   * Keeps what was loaded, unless the token, the user or everything was invalidated after the fence: then `null`. A live entry that is
   * there already is newer, stays, and is what comes back.
   */
  fill(
    tokenHash: string,
    session: EncodedSession,
    ttlSeconds: number,
    fence: string,
    signal: AbortSignal,
  ): Awaitable<HeldSession<S> | null>;

  /** Whether there was an entry whose life begins anew. */
  extend(tokenHash: string, ttlSeconds: number, signal: AbortSignal): Awaitable<boolean>;

  /** Whether there was an entry. Loads of the token under way are refused in any case. */
  delete(tokenHash: string, signal: AbortSignal): Awaitable<boolean>;

  /** How many entries of the user there were, but for that one. Loads under way of any session of the user, and of each token that was dropped, are refused. */
  deleteOf(userId: string, exceptTokenHash: string | null, signal: AbortSignal): Awaitable<number>;

  /**
   * Whether the user had an entry whose hash `isMeant`, which was deleted. Loads under way of any session of the user are refused, since the
   * one that is meant may be among them.
   */
  deleteOneOf(
    userId: string,
    isMeant: (tokenHash: string) => boolean,
    signal: AbortSignal,
  ): Awaitable<boolean>;

  /** The user's entries, the last set or touched first. */
  list(userId: string, signal: AbortSignal): Awaitable<ListedEntry<S>[]>;

  clear(signal: AbortSignal): Awaitable<void>;

  /** Removes up to `limit` entries that nobody is given any more, where the server does not do that by itself. */
  removeDead(limit: number, signal: AbortSignal): Awaitable<PurgedSlice>;

  /** Lets go of what the store holds; the client of the server belongs to the app. */
  close(): Awaitable<void>;
}
