import type { SessionCacheCapabilities } from '../../contract/capabilities.ts';
import { type Clock, systemClock } from '../../contract/clock.ts';
import { CacheClosedError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import { expiryAfter } from '../../contract/expiry.ts';
import type { PurgeOptions, PurgeResult } from '../../contract/purge.ts';
import type { Session, SessionSummary, UserId } from '../../contract/session.ts';
import type { InvalidateByUserOptions, SessionCache } from '../../contract/session-cache.ts';
import { readExceptToken } from '../../contract/session-cache-arguments.ts';
import type { LoadedSession, SessionLoader } from '../../contract/session-loader.ts';
import { assertDuration, assertToken, userKey } from '../../contract/validate-arguments.ts';
import { assertInteger, assertKnownOptions } from '../../contract/validate-options.ts';
import type { FillTarget } from '../../session-loading/fill-target.ts';
import { LoadFlights } from '../../session-loading/load-flights.ts';
import { type ProcessFence, ProcessFences } from '../../session-loading/process-fence.ts';
import { purgeInSlices } from '../../session-purging/purge-in-slices.ts';
import { sessionIdOf } from '../../session-tokens/session-id.ts';
import { type EncodedSession, encodeSession } from '../../session-values/encode-session.ts';
import { HeldSession } from '../../session-values/held-session.ts';
import { type MemoryEntry, SessionTable } from './session-table.ts';

export interface InMemorySessionCacheOptions {
  /**
   * The most entries kept, 1 to 10,000,000, 100,000 by default. When it is full, the session that was not
   * read for the longest time leaves, live or not: its next `get` answers `null`.
   */
  readonly maxEntries?: number | undefined;
  /** Where the time comes from; the machine's clocks by default. */
  readonly clock?: Clock | undefined;
}

/** How many entries each `set` looks at for expiry: all of them within half as many `set`s. */
const LOOKED_AT_BY_SET = 4;

/**
 * Sessions in the memory of this process, for tests and for an app that runs as one process.
 *
 * **Its reach is this process**: with several, a logout in one is unknown to the others. Everything
 * else the contract says holds. `invalidateByUser` costs O(1) per token of that user. Its methods
 * answer at once; only `getOrLoad`, `purgeExpired` and disposal are asynchronous.
 */
export class InMemorySessionCache<S extends Session = Session> implements SessionCache<S> {
  readonly capabilities: SessionCacheCapabilities = Object.freeze({
    reach: 'process',
    persistent: false,
    retains: true,
    coherence: 'strict',
    staleSeconds: 0,
  });

  readonly #clock: Clock;
  readonly #table: SessionTable<S>;
  readonly #fences = new ProcessFences();
  readonly #flights: LoadFlights<S, ProcessFence>;
  #closed = false;

  /** @throws InvalidOptionError */
  constructor(options: InMemorySessionCacheOptions = {}) {
    assertKnownOptions('InMemorySessionCache', options, ['maxEntries', 'clock']);
    const { maxEntries = 100_000, clock = systemClock } = options;
    assertInteger('maxEntries', maxEntries, { least: 1, most: 10_000_000 });
    this.#clock = clock;
    this.#table = new SessionTable(maxEntries, (token, entry) => this.#evicted(token, entry));
    this.#flights = new LoadFlights(this.#fillTarget());
  }

  get(token: string): S | null {
    this.#assertOpen();
    assertToken(token);
    return this.#table.live(token, this.#clock.now())?.held.read() ?? null;
  }

  set(token: string, session: S, ttlSeconds: number): void {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    this.#put(token, encodeSession(session), ttlSeconds);
  }

  async getOrLoad(token: string, load: SessionLoader<S>): Promise<S | null> {
    return this.#flights.getOrLoad(token, load);
  }

  touch(token: string, ttlSeconds: number): boolean {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    const now = this.#clock.now();
    const entry = this.#table.live(token, now);
    if (entry === undefined) return false;
    entry.touchedAt = now;
    entry.expiresAt = expiryAfter(now, ttlSeconds);
    return true;
  }

  invalidate(token: string): boolean {
    this.#assertOpen();
    assertToken(token);
    return this.#invalidateToken(token);
  }

  invalidateByUser(userId: UserId, options: InvalidateByUserOptions = {}): number {
    this.#assertOpen();
    const user = userKey(userId);
    const exceptToken = readExceptToken(options);
    this.#fences.userInvalidated(user);
    const now = this.#clock.now();
    let removed = 0;
    for (const token of this.#table.tokensOf(user)) {
      if (token === exceptToken) continue;
      this.#fences.tokenInvalidated(token);
      if (this.#table.remove(token, now)) removed++;
    }
    publish('onehost:invalidated', { scope: 'user', removed });
    return removed;
  }

  invalidateById(userId: UserId, id: string): boolean {
    this.#assertOpen();
    const user = userKey(userId);
    // The session may be on its way in, and then no entry tells which token the id belongs to.
    this.#fences.userInvalidated(user);
    const token = this.#table.tokensOf(user).find((each) => sessionIdOf(each) === id);
    return token !== undefined && this.#invalidateToken(token);
  }

  listByUser(userId: UserId): SessionSummary<S>[] {
    this.#assertOpen();
    const now = this.#clock.now();
    const summaries: SessionSummary<S>[] = [];
    for (const token of this.#table.tokensOf(userKey(userId))) {
      const entry = this.#table.live(token, now);
      if (entry === undefined) continue;
      summaries.push({
        id: sessionIdOf(token),
        session: entry.held.read(),
        createdAt: new Date(entry.createdAt),
        touchedAt: new Date(entry.touchedAt),
        expiresAt: new Date(entry.expiresAt),
      });
    }
    return summaries.sort((a, b) => b.touchedAt.getTime() - a.touchedAt.getTime());
  }

  clear(): void {
    this.#assertOpen();
    this.#fences.everythingInvalidated();
    this.#table.clear();
    publish('onehost:invalidated', { scope: 'everything', removed: null });
  }

  async purgeExpired(options?: PurgeOptions): Promise<PurgeResult> {
    this.#assertOpen();
    let unseen = this.#table.size;
    this.#table.beginRound();
    return purgeInSlices(
      (entries) => {
        const removed = this.#table.removeExpiredAmongNext(entries, this.#clock.now());
        unseen -= entries;
        return { removed, done: unseen <= 0 };
      },
      this.#clock,
      options,
    );
  }

  close(): void {
    this.#closed = true;
    this.#table.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #invalidateToken(token: string): boolean {
    this.#fences.tokenInvalidated(token);
    const removed = this.#table.remove(token, this.#clock.now());
    publish('onehost:invalidated', { scope: 'token', removed: removed ? 1 : 0 });
    return removed;
  }

  #put(token: string, { userId, payload }: EncodedSession, ttlSeconds: number): HeldSession<S> {
    const held = new HeldSession<S>(payload);
    const now = this.#clock.now();
    const previous = this.#table.live(token, now);
    this.#table.put(token, {
      userId,
      held,
      createdAt: previous?.userId === userId ? previous.createdAt : now,
      touchedAt: now,
      expiresAt: expiryAfter(now, ttlSeconds),
    });
    this.#table.removeExpiredAmongNext(LOOKED_AT_BY_SET, now);
    return held;
  }

  /** A load of it that is under way may be older than what was evicted, and would bring back what that had replaced. */
  #evicted(token: string, { expiresAt }: MemoryEntry<S>): void {
    this.#fences.tokenInvalidated(token);
    if (expiresAt > this.#clock.now()) publish('onehost:evicted', { removed: 1 });
  }

  #fillTarget(): FillTarget<S, ProcessFence> {
    return {
      get: (token) => this.get(token),
      openFence: (token) => this.#fences.open(token),
      closeFence: (fence) => this.#fences.close(fence),
      fill: (token, loaded, fence) => this.#fill(token, loaded, fence),
    };
  }

  #fill(token: string, loaded: LoadedSession<S>, fence: ProcessFence): HeldSession<S> | null {
    this.#assertOpen();
    assertDuration('ttlSeconds', loaded.ttlSeconds);
    const newer = this.#table.live(token, this.#clock.now());
    if (newer !== undefined) return newer.held;
    const encoded = encodeSession(loaded.session);
    if (this.#fences.refuses(fence, encoded.userId)) return null;
    return this.#put(token, encoded, loaded.ttlSeconds);
  }

  #assertOpen(): void {
    if (this.#closed) throw new CacheClosedError('InMemorySessionCache');
  }
}
