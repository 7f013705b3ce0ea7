import type { SessionCacheCapabilities } from '../../contract/capabilities.ts';
import { CacheClosedError, InvalidOptionError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import type { PurgeOptions, PurgeResult } from '../../contract/purge.ts';
import type { Session, SessionSummary, UserId } from '../../contract/session.ts';
import type { InvalidateByUserOptions, SessionCache } from '../../contract/session-cache.ts';
import { readExceptToken } from '../../contract/session-cache-arguments.ts';
import type { LoadedSession, SessionLoader } from '../../contract/session-loader.ts';
import { assertDuration, assertToken, userKey } from '../../contract/validate-arguments.ts';
import { assertKnownOptions } from '../../contract/validate-options.ts';
import { LoadFlights } from '../../session-loading/load-flights.ts';
import { purgeInSlices } from '../../session-purging/purge-in-slices.ts';
import { hashToken } from '../../session-tokens/hash-token.ts';
import { sessionIdOfHash } from '../../session-tokens/session-id.ts';
import { encodeSession } from '../../session-values/encode-session.ts';
import { HeldSession } from '../../session-values/held-session.ts';
import type { FencePosition } from './fence-marks.ts';
import { SessionStore } from './session-store.ts';
import { assertSharedMemory, type SharedMemory } from './shared-memory.ts';

export interface SharedMemorySessionCacheOptions {
  /**
   * The share of a session's `ttlSeconds` that must have passed since it was last set or touched before
   * `touch` writes again; from 0 (each touch writes) to below 1, 0.05 by default. So a session lives for
   * at least (1 - share) of `ttlSeconds` after its last touch.
   */
  readonly touchWriteShare?: number | undefined;
}

/**
 * Sessions in memory that the processes of this host share.
 *
 * Its reach is the host: once an invalidation has returned, no process gives the session any more. Nothing is written to a disk, so that
 * entries outlive the processes but not a restart of the machine, and an invalidation waits for no disk. When the memory is full, entries leave:
 * those that have expired, then those that expire soonest.
 *
 * Caches on the same memory are one: `clear` of one empties all.
 *
 * Its methods answer at once; only `getOrLoad`, `purgeExpired` and disposal are asynchronous. On top of what the contract says they throw
 * `SharedMemoryFullError`, `SharedMemoryFailedError`, `SharedMemoryClosedError` and `DatabaseReplacedError`; a write that throws has changed nothing.
 *
 * **A write waits for the writers before it without a limit**, and ten seconds for a process that opens or closes the memory. One that was stopped (`SIGSTOP`) in the middle of a write holds up all others until it
 * goes on or ends; one that was killed holds up nobody.
 */
export class SharedMemorySessionCache<S extends Session = Session> implements SessionCache<S> {
  readonly capabilities: SessionCacheCapabilities = Object.freeze({
    reach: 'host',
    persistent: false,
    retains: true,
    coherence: 'strict',
    staleSeconds: 0,
  });

  readonly #memory: SharedMemory;
  readonly #store: SessionStore;
  readonly #flights: LoadFlights<S, FencePosition>;
  readonly #touchWriteShare: number;
  #closed = false;

  /** @throws InvalidOptionError */
  constructor(memory: SharedMemory, options: SharedMemorySessionCacheOptions = {}) {
    this.#touchWriteShare = readTouchWriteShare(options);
    assertSharedMemory('SharedMemorySessionCache', memory);
    this.#memory = memory;
    this.#store = new SessionStore(memory);
    this.#flights = new LoadFlights<S, FencePosition>({
      get: (token) => this.get(token),
      openFence: () => this.#store.fence(),
      closeFence: () => {},
      fill: (token, loaded, fence) => this.#fill(token, loaded, fence),
    });
  }

  get(token: string): S | null {
    this.#assertOpen();
    assertToken(token);
    const payload = this.#store.find(token);
    return payload === null ? null : new HeldSession<S>(payload).read();
  }

  set(token: string, session: S, ttlSeconds: number): void {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    this.#store.put(keyOf(token), encodeSession(session), ttlSeconds);
  }

  async getOrLoad(token: string, load: SessionLoader<S>): Promise<S | null> {
    return this.#flights.getOrLoad(token, load);
  }

  /**
   * See the contract. The write is left out while less than {@link SharedMemorySessionCacheOptions.touchWriteShare}
   * of `ttlSeconds` would be gained; a life is shortened at once.
   */
  touch(token: string, ttlSeconds: number): boolean {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    const tokenHash = keyOf(token);
    const expiresAt = this.#store.expiry(tokenHash);
    if (expiresAt === null) return false;
    const gainedSeconds = ttlSeconds - (expiresAt - this.#store.now()) / 1000;
    const gainsTooLittle = gainedSeconds >= 0 && gainedSeconds < this.#touchWriteShare * ttlSeconds;
    return gainsTooLittle || this.#store.extend(tokenHash, ttlSeconds);
  }

  invalidate(token: string): boolean {
    this.#assertOpen();
    assertToken(token);
    const wasLive = this.#store.delete(keyOf(token));
    publish('onehost:invalidated', { scope: 'token', removed: wasLive ? 1 : 0 });
    return wasLive;
  }

  invalidateByUser(userId: UserId, options: InvalidateByUserOptions = {}): number {
    this.#assertOpen();
    const user = userKey(userId);
    const exceptToken = readExceptToken(options);
    const except = exceptToken === undefined ? null : keyOf(exceptToken);
    const removed = this.#store.deleteOf(user, except);
    publish('onehost:invalidated', { scope: 'user', removed });
    return removed;
  }

  invalidateById(userId: UserId, id: string): boolean {
    this.#assertOpen();
    const wasLive = this.#store.deleteOneOf(
      userKey(userId),
      (tokenHash) => sessionIdOfHash(tokenHash) === id,
    );
    publish('onehost:invalidated', { scope: 'token', removed: wasLive ? 1 : 0 });
    return wasLive;
  }

  listByUser(userId: UserId): SessionSummary<S>[] {
    this.#assertOpen();
    return this.#store.list(userKey(userId)).map((entry) => ({
      id: sessionIdOfHash(entry.tokenHash),
      session: new HeldSession<S>(entry.payload).read(),
      createdAt: new Date(entry.createdAt),
      touchedAt: new Date(entry.touchedAt),
      expiresAt: new Date(entry.expiresAt),
    }));
  }

  /** See the contract. All entries are taken out at once, and the memory that they had is for the next ones. */
  clear(): void {
    this.#assertOpen();
    this.#store.clear();
    publish('onehost:invalidated', { scope: 'everything', removed: null });
  }

  async purgeExpired(options?: PurgeOptions): Promise<PurgeResult> {
    const removeSlice = (entries: number) => {
      this.#assertOpen();
      const removed = this.#store.deleteExpired(entries);
      return { removed, done: removed < entries };
    };
    return purgeInSlices(removeSlice, this.#memory.clock, options);
  }

  /** The shared memory stays open: it belongs to whoever opened it. */
  close(): void {
    this.#closed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #fill(
    token: string,
    { session, ttlSeconds }: LoadedSession<S>,
    fence: FencePosition,
  ): HeldSession<S> | null {
    this.#assertOpen();
    assertDuration('ttlSeconds', ttlSeconds);
    const payload = this.#store.fill(keyOf(token), encodeSession(session), ttlSeconds, fence);
    return payload === null ? null : new HeldSession<S>(payload);
  }

  #assertOpen(): void {
    if (this.#closed) throw new CacheClosedError('SharedMemorySessionCache');
  }
}

function keyOf(token: string): Buffer {
  return Buffer.from(hashToken(token), 'hex');
}

function readTouchWriteShare(options: SharedMemorySessionCacheOptions): number {
  assertKnownOptions('SharedMemorySessionCache', options, ['touchWriteShare']);
  const { touchWriteShare = 0.05 } = options;
  if (typeof touchWriteShare === 'number' && touchWriteShare >= 0 && touchWriteShare < 1) {
    return touchWriteShare;
  }
  throw new InvalidOptionError(
    `touchWriteShare must be a number from 0 to below 1, but found ${String(touchWriteShare)}.`,
  );
}
