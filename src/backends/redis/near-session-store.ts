import { UnreadableEntryError } from '../../contract/errors/index.ts';
import type {
  ListedEntry,
  RemoteSessionStore,
} from '../../remote-sessions/remote-session-store.ts';
import type { PurgedSlice } from '../../session-purging/purge-in-slices.ts';
import type { EncodedSession } from '../../session-values/encode-session.ts';
import type { HeldSession } from '../../session-values/held-session.ts';
import type { NearSessions } from './near-sessions.ts';
import type { RedisSessionStore } from './redis-session-store.ts';
import { userMark } from './session-entry.ts';

/**
 * The sessions in Redis, and those that this process has read in its memory. What this process changes it drops itself, however the change ended: the server
 * tells of it too, but perhaps only after the change has returned.
 */
export class NearSessionStore<S> implements RemoteSessionStore<S> {
  readonly #far: RedisSessionStore<S>;
  readonly #near: NearSessions<S>;

  constructor(far: RedisSessionStore<S>, near: NearSessions<S>) {
    this.#far = far;
    this.#near = near;
  }

  async find(tokenHash: string, signal: AbortSignal): Promise<HeldSession<S> | null> {
    const near = this.#near.find(tokenHash);
    if (near !== null) return near;
    if (!this.#near.canKeep()) return this.#far.find(tokenHash, signal);
    try {
      return await this.#near.read(tokenHash, signal);
    } catch (error) {
      // By that connection it cannot be asked; the app's own has an answer, or an error that says why not.
      if (signal.aborted || error instanceof UnreadableEntryError) throw error;
      return this.#far.find(tokenHash, signal);
    }
  }

  async put(
    tokenHash: string,
    session: EncodedSession,
    ttlSeconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#changing(tokenHash, this.#far.put(tokenHash, session, ttlSeconds, signal));
  }

  openFence(tokenHash: string, signal: AbortSignal): Promise<string> {
    return this.#far.openFence(tokenHash, signal);
  }

  fill(
    tokenHash: string,
    session: EncodedSession,
    ttlSeconds: number,
    fence: string,
    signal: AbortSignal,
  ): Promise<HeldSession<S> | null> {
    return this.#changing(tokenHash, this.#far.fill(tokenHash, session, ttlSeconds, fence, signal));
  }

  extend(tokenHash: string, ttlSeconds: number, signal: AbortSignal): Promise<boolean> {
    return this.#changing(tokenHash, this.#far.extend(tokenHash, ttlSeconds, signal));
  }

  delete(tokenHash: string, signal: AbortSignal): Promise<boolean> {
    return this.#changing(tokenHash, this.#far.delete(tokenHash, signal));
  }

  async deleteOf(
    userId: string,
    exceptTokenHash: string | null,
    signal: AbortSignal,
  ): Promise<number> {
    try {
      return await this.#far.deleteOf(userId, exceptTokenHash, signal);
    } finally {
      this.#near.dropOf(userMark(userId));
    }
  }

  async deleteOneOf(
    userId: string,
    isMeant: (tokenHash: string) => boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      return await this.#far.deleteOneOf(userId, isMeant, signal);
    } finally {
      this.#near.dropOf(userMark(userId));
    }
  }

  list(userId: string, signal: AbortSignal): Promise<ListedEntry<S>[]> {
    return this.#far.list(userId, signal);
  }

  async clear(signal: AbortSignal): Promise<void> {
    try {
      await this.#far.clear(signal);
    } finally {
      this.#near.dropAll();
    }
  }

  removeDead(limit: number, signal: AbortSignal): Promise<PurgedSlice> {
    return this.#far.removeDead(limit, signal);
  }

  close(): void {
    this.#near.close();
  }

  async #changing<T>(tokenHash: string, change: Promise<T>): Promise<T> {
    try {
      return await change;
    } finally {
      this.#near.drop(tokenHash);
    }
  }
}
