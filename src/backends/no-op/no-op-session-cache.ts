import type { SessionCacheCapabilities } from '../../contract/capabilities.ts';
import { systemClock } from '../../contract/clock.ts';
import { CacheClosedError } from '../../contract/errors/index.ts';
import type { PurgeOptions, PurgeResult } from '../../contract/purge.ts';
import type { Session, SessionSummary, UserId } from '../../contract/session.ts';
import type { InvalidateByUserOptions, SessionCache } from '../../contract/session-cache.ts';
import { readExceptToken } from '../../contract/session-cache-arguments.ts';
import type { LoadedSession, SessionLoader } from '../../contract/session-loader.ts';
import { assertDuration, assertToken, userKey } from '../../contract/validate-arguments.ts';
import { LoadFlights } from '../../session-loading/load-flights.ts';
import { type ProcessFence, ProcessFences } from '../../session-loading/process-fence.ts';
import { purgeInSlices } from '../../session-purging/purge-in-slices.ts';
import { encodeSession } from '../../session-values/encode-session.ts';
import { HeldSession } from '../../session-values/held-session.ts';

/**
 * Keeps nothing: to switch caching off without touching the app, and to find out what a cache brings.
 *
 * Every `getOrLoad` runs its own loader, so what it gives is what the app's store says, in every
 * process: that is why its reach is `network`. It checks arguments as the other caches do. A session
 * that this process invalidates while it is being loaded is loaded again; of an invalidation in
 * another process a load that is already under way does not learn.
 */
export class NoOpSessionCache<S extends Session = Session> implements SessionCache<S> {
  readonly capabilities: SessionCacheCapabilities = Object.freeze({
    reach: 'network',
    persistent: false,
    retains: false,
    coherence: 'strict',
    staleSeconds: 0,
  });

  readonly #fences = new ProcessFences();
  #closed = false;

  get(token: string): null {
    this.#assertOpen();
    assertToken(token);
    return null;
  }

  set(token: string, session: S, ttlSeconds: number): void {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    encodeSession(session);
  }

  async getOrLoad(token: string, load: SessionLoader<S>): Promise<S | null> {
    // Flights of its own for each call: a shared load may have begun before an invalidation elsewhere.
    const flights = new LoadFlights<S, ProcessFence>({
      get: () => this.get(token),
      openFence: () => this.#fences.open(token),
      closeFence: (fence) => this.#fences.close(fence),
      fill: (_, loaded, fence) => this.#pass(loaded, fence),
    });
    return flights.getOrLoad(token, load);
  }

  touch(token: string, ttlSeconds: number): false {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    return false;
  }

  invalidate(token: string): false {
    this.#assertOpen();
    assertToken(token);
    this.#fences.tokenInvalidated(token);
    return false;
  }

  invalidateByUser(userId: UserId, options: InvalidateByUserOptions = {}): 0 {
    this.#assertOpen();
    const user = userKey(userId);
    readExceptToken(options);
    this.#fences.userInvalidated(user);
    return 0;
  }

  invalidateById(userId: UserId, _id: string): false {
    this.#assertOpen();
    this.#fences.userInvalidated(userKey(userId));
    return false;
  }

  listByUser(userId: UserId): SessionSummary<S>[] {
    this.#assertOpen();
    userKey(userId);
    return [];
  }

  clear(): void {
    this.#assertOpen();
    this.#fences.everythingInvalidated();
  }

  async purgeExpired(options?: PurgeOptions): Promise<PurgeResult> {
    this.#assertOpen();
    return purgeInSlices(() => ({ removed: 0, done: true }), systemClock, options);
  }

  close(): void {
    this.#closed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #pass(loaded: LoadedSession<S>, fence: ProcessFence): HeldSession<S> | null {
    this.#assertOpen();
    assertDuration('ttlSeconds', loaded.ttlSeconds);
    const { userId, payload } = encodeSession(loaded.session);
    return this.#fences.refuses(fence, userId) ? null : new HeldSession(payload);
  }

  #assertOpen(): void {
    if (this.#closed) throw new CacheClosedError('NoOpSessionCache');
  }
}
