import type { SessionCacheCapabilities } from '../contract/capabilities.ts';
import type { PurgeOptions, PurgeResult } from '../contract/purge.ts';
import type { Session, SessionSummary, UserId } from '../contract/session.ts';
import type { InvalidateByUserOptions, SessionCache } from '../contract/session-cache.ts';
import type { SessionLoader } from '../contract/session-loader.ts';

/**
 * A session cache whose every answer is a promise, also where it is known at once. Where a setting moves sessions from a file to a server, a forgotten `await`
 * would be seen on the server only: `if (sessions.get(token))` lets everybody in, as a promise is always true. With this it does so in development
 * already, and TypeScript refuses it (TS2801), which it does not for `S | null | PromiseLike<S | null>`. A read that is awaited
 * takes no longer by it (decision 0014).
 */
export class PromisedSessionCache<S extends Session = Session> implements SessionCache<S> {
  readonly #cache: SessionCache<S>;

  constructor(cache: SessionCache<S>) {
    this.#cache = cache;
  }

  get capabilities(): SessionCacheCapabilities {
    return this.#cache.capabilities;
  }

  async get(token: string): Promise<S | null> {
    return this.#cache.get(token);
  }

  async set(token: string, session: S, ttlSeconds: number): Promise<void> {
    return this.#cache.set(token, session, ttlSeconds);
  }

  async getOrLoad(token: string, load: SessionLoader<S>): Promise<S | null> {
    return this.#cache.getOrLoad(token, load);
  }

  async touch(token: string, ttlSeconds: number): Promise<boolean> {
    return this.#cache.touch(token, ttlSeconds);
  }

  async invalidate(token: string): Promise<boolean> {
    return this.#cache.invalidate(token);
  }

  async invalidateByUser(userId: UserId, options?: InvalidateByUserOptions): Promise<number> {
    return this.#cache.invalidateByUser(userId, options);
  }

  async invalidateById(userId: UserId, id: string): Promise<boolean> {
    return this.#cache.invalidateById(userId, id);
  }

  async listByUser(userId: UserId): Promise<SessionSummary<S>[]> {
    return this.#cache.listByUser(userId);
  }

  async clear(): Promise<void> {
    return this.#cache.clear();
  }

  async purgeExpired(options?: PurgeOptions): Promise<PurgeResult> {
    return this.#cache.purgeExpired(options);
  }

  async close(): Promise<void> {
    return this.#cache.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cache[Symbol.asyncDispose]();
  }
}
