import type { SessionCacheCapabilities } from '../contract/capabilities.ts';
import type { Clock } from '../contract/clock.ts';
import { CacheClosedError, CacheUnavailableError } from '../contract/errors/index.ts';
import { publish } from '../contract/events.ts';
import type { PurgeOptions, PurgeResult } from '../contract/purge.ts';
import type { Session, SessionSummary, UserId } from '../contract/session.ts';
import type { InvalidateByUserOptions, SessionCache } from '../contract/session-cache.ts';
import { readExceptToken } from '../contract/session-cache-arguments.ts';
import type { LoadedSession, SessionLoader } from '../contract/session-loader.ts';
import { assertDuration, assertToken, userKey } from '../contract/validate-arguments.ts';
import { SharedDeadlines } from '../deadlines/shared-deadlines.ts';
import { LoadFlights } from '../session-loading/load-flights.ts';
import { purgeInSlices } from '../session-purging/purge-in-slices.ts';
import { hashToken } from '../session-tokens/hash-token.ts';
import { sessionIdOfHash } from '../session-tokens/session-id.ts';
import { encodeSession } from '../session-values/encode-session.ts';
import type { HeldSession } from '../session-values/held-session.ts';
import { loadedWithoutCache } from './loaded-without-cache.ts';
import type { RemoteSettings } from './remote-options.ts';
import type { RemoteSessionStore } from './remote-session-store.ts';

/** What a cache across a network is made of. */
export interface RemoteSessionCacheParts<S extends Session> {
  /** The name of its class. */
  readonly name: string;
  /** What messages call the server, without anything secret: `Redis`. */
  readonly server: string;
  /** What to look at when the server cannot be asked. */
  readonly remedy: string;
  readonly capabilities: SessionCacheCapabilities;
  readonly store: RemoteSessionStore<S>;
  readonly settings: RemoteSettings;
  /** By which deadlines are kept. */
  readonly clock: Clock;
}

/**
 * What all caches across a network do alike: they check arguments, encode and hash, share loads, keep the deadline of each call, and
 * go on without the server if the app says so. A backend brings a {@link RemoteSessionStore}.
 */
export abstract class RemoteSessionCache<S extends Session = Session> implements SessionCache<S> {
  readonly capabilities: SessionCacheCapabilities;

  readonly #parts: RemoteSessionCacheParts<S>;
  readonly #flights: LoadFlights<S, string>;
  readonly #deadlines: SharedDeadlines;
  #closed = false;

  constructor(parts: RemoteSessionCacheParts<S>) {
    this.capabilities = Object.freeze({ ...parts.capabilities });
    this.#parts = parts;
    const { store, clock, settings, server, remedy } = parts;
    const { timeoutSeconds } = settings;
    this.#deadlines = new SharedDeadlines(
      clock,
      timeoutSeconds,
      () =>
        new CacheUnavailableError(
          `${server} did not answer within ${timeoutSeconds} s (timeoutSeconds). Of a write it is not known whether it was done: repeat an invalidation. ${remedy}`,
        ),
    );
    this.#flights = new LoadFlights<S, string>({
      get: (token) => this.#read(token),
      openFence: (token) =>
        this.#deadlines.within((signal) => store.openFence(hashToken(token), signal)),
      closeFence: () => {},
      fill: (token, loaded, fence) => this.#fill(token, loaded, fence),
    });
  }

  async get(token: string): Promise<S | null> {
    try {
      return await this.#read(token);
    } catch (error) {
      if (this.#mayMiss(error)) return null;
      throw error;
    }
  }

  async set(token: string, session: S, ttlSeconds: number): Promise<void> {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    const encoded = encodeSession(session);
    const { store } = this.#parts;
    await this.#deadlines.within((signal) =>
      store.put(hashToken(token), encoded, ttlSeconds, signal),
    );
  }

  /**
   * See the contract. With `readsWhenUnavailable: 'miss'`, while the server cannot be asked, each caller's own loader runs, and what it finds is
   * given and not kept: an invalidation elsewhere during that very load is not noticed.
   */
  async getOrLoad(token: string, load: SessionLoader<S>): Promise<S | null> {
    try {
      return await this.#flights.getOrLoad(token, load);
    } catch (error) {
      if (this.#mayMiss(error)) return loadedWithoutCache(token, load);
      throw error;
    }
  }

  async touch(token: string, ttlSeconds: number): Promise<boolean> {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    const { store } = this.#parts;
    return this.#deadlines.within((signal) => store.extend(hashToken(token), ttlSeconds, signal));
  }

  async invalidate(token: string): Promise<boolean> {
    this.#assertOpen();
    assertToken(token);
    const { store } = this.#parts;
    const wasLive = await this.#deadlines.within((signal) =>
      store.delete(hashToken(token), signal),
    );
    publish('onehost:invalidated', { scope: 'token', removed: wasLive ? 1 : 0 });
    return wasLive;
  }

  async invalidateByUser(userId: UserId, options: InvalidateByUserOptions = {}): Promise<number> {
    this.#assertOpen();
    const user = userKey(userId);
    const exceptToken = readExceptToken(options);
    const exceptHash = exceptToken === undefined ? null : hashToken(exceptToken);
    const { store } = this.#parts;
    const removed = await this.#deadlines.within((signal) =>
      store.deleteOf(user, exceptHash, signal),
    );
    publish('onehost:invalidated', { scope: 'user', removed });
    return removed;
  }

  async invalidateById(userId: UserId, id: string): Promise<boolean> {
    this.#assertOpen();
    const user = userKey(userId);
    const isMeant = (tokenHash: string) => sessionIdOfHash(tokenHash) === id;
    const { store } = this.#parts;
    const wasLive = await this.#deadlines.within((signal) =>
      store.deleteOneOf(user, isMeant, signal),
    );
    publish('onehost:invalidated', { scope: 'token', removed: wasLive ? 1 : 0 });
    return wasLive;
  }

  async listByUser(userId: UserId): Promise<SessionSummary<S>[]> {
    this.#assertOpen();
    const user = userKey(userId);
    const { store } = this.#parts;
    const entries = await this.#deadlines.within((signal) => store.list(user, signal));
    return entries.map(({ tokenHash, session, createdAt, touchedAt, expiresAt }) => ({
      id: sessionIdOfHash(tokenHash),
      session: session.read(),
      createdAt,
      touchedAt,
      expiresAt,
    }));
  }

  async clear(): Promise<void> {
    this.#assertOpen();
    const { store } = this.#parts;
    await this.#deadlines.within((signal) => store.clear(signal));
    publish('onehost:invalidated', { scope: 'everything', removed: null });
  }

  /** See the contract. Where the server removes what has expired by itself, nothing is left to be done, and nothing counted. */
  async purgeExpired(options?: PurgeOptions): Promise<PurgeResult> {
    const { store, clock } = this.#parts;
    const removeSlice = (entries: number) => {
      this.#assertOpen();
      return this.#deadlines.within((signal) => store.removeDead(entries, signal));
    };
    return purgeInSlices(removeSlice, clock, options);
  }

  /** Lets go of what this object holds. The client of the server stays connected: it belongs to the app. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#parts.store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #read(token: string): Promise<S | null> {
    this.#assertOpen();
    assertToken(token);
    const { store } = this.#parts;
    const held = await this.#deadlines.within((signal) => store.find(hashToken(token), signal));
    return held === null ? null : held.read();
  }

  async #fill(
    token: string,
    { session, ttlSeconds }: LoadedSession<S>,
    fence: string,
  ): Promise<HeldSession<S> | null> {
    this.#assertOpen();
    assertDuration('ttlSeconds', ttlSeconds);
    const encoded = encodeSession(session);
    const { store } = this.#parts;
    return this.#deadlines.within((signal) =>
      store.fill(hashToken(token), encoded, ttlSeconds, fence, signal),
    );
  }

  #mayMiss(error: unknown): boolean {
    return (
      error instanceof CacheUnavailableError && this.#parts.settings.readsWhenUnavailable === 'miss'
    );
  }

  #assertOpen(): void {
    if (this.#closed) throw new CacheClosedError(this.#parts.name);
  }
}
