import type { SessionCacheCapabilities } from '../../contract/capabilities.ts';
import { CacheClosedError, InvalidOptionError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import type { PurgeOptions, PurgeResult } from '../../contract/purge.ts';
import type { Session, SessionSummary, UserId } from '../../contract/session.ts';
import type { InvalidateByUserOptions, SessionCache } from '../../contract/session-cache.ts';
import { readExceptToken } from '../../contract/session-cache-arguments.ts';
import type { SessionLoader } from '../../contract/session-loader.ts';
import { assertDuration, assertToken, userKey } from '../../contract/validate-arguments.ts';
import { assertInteger, assertKnownOptions, assertOneOf } from '../../contract/validate-options.ts';
import { LoadFlights } from '../../session-loading/load-flights.ts';
import { purgeInSlices } from '../../session-purging/purge-in-slices.ts';
import { hashToken } from '../../session-tokens/hash-token.ts';
import { sessionIdOfHash } from '../../session-tokens/session-id.ts';
import { encodeSession } from '../../session-values/encode-session.ts';
import { HeldSession } from '../../session-values/held-session.ts';
import type { Position } from './change-log.ts';
import { assertDatabase, type Durability, type OnehostDatabase } from './database.ts';
import { NearCache } from './near-cache.ts';
import { SessionPurge } from './session-purge.ts';
import { type LiveEntry, SessionStore } from './session-store.ts';
import { NOWHERE } from './token-seats.ts';

export interface DatabaseSessionCacheOptions {
  /**
   * How many sessions this process keeps in memory, up to 10,000,000, 10,000 by default; 0 reads the file each time. It is
   * only a matter of speed: an invalidation by any process holds for them at once.
   */
  readonly nearCacheEntries?: number | undefined;
  /**
   * What an invalidation that has returned outlives. `power-loss`, the default: it is on disk, for the
   * price of an fsync. `process-crash`: a power cut may undo the last ones, and the sessions come back.
   */
  readonly revocationDurability?: Durability | undefined;
  /**
   * The share of a session's `ttlSeconds` that must have passed since it was last set or touched before
   * `touch` writes again; from 0 (each touch writes) to below 1, 0.05 by default. So a session lives for
   * at least (1 - share) of `ttlSeconds` after its last touch, and one hour costs at most 20 writes.
   */
  readonly touchWriteShare?: number | undefined;
}

/**
 * Sessions in an SQLite file, shared by all processes of this host that opened it.
 *
 * Its reach is the host: once an invalidation has returned, no process gives the session any more. What a
 * process has read it keeps in memory, and before it answers from there it looks whether anybody has
 * changed the file since. Entries outlive the processes.
 *
 * Caches on the same file are one: `clear` of one empties all.
 *
 * Its methods answer at once; only `getOrLoad`, `purgeExpired` and disposal are asynchronous. On top of what the contract
 * says they throw `DatabaseBusyError`, `DatabaseFullError`, `FileNotWritableError`, `DatabaseCorruptError`,
 * `DatabaseReplacedError`, `DatabaseFailedError` and `DatabaseClosedError`; a write that throws has changed nothing.
 */
export class DatabaseSessionCache<S extends Session = Session> implements SessionCache<S> {
  readonly capabilities: SessionCacheCapabilities = Object.freeze({
    reach: 'host',
    persistent: true,
    retains: true,
    coherence: 'strict',
    staleSeconds: 0,
  });

  readonly #database: OnehostDatabase;
  readonly #store: SessionStore;
  readonly #near: NearCache<S> | null;
  readonly #flights: LoadFlights<S, Position>;
  readonly #durability: Durability;
  readonly #touchWriteShare: number;
  #closed = false;

  /** @throws InvalidOptionError */
  constructor(database: OnehostDatabase, options: DatabaseSessionCacheOptions = {}) {
    const settings = readOptions(options);
    assertDatabase('DatabaseSessionCache', database);
    this.#database = database;
    this.#durability = settings.revocationDurability;
    this.#touchWriteShare = settings.touchWriteShare;
    this.#store = new SessionStore(database);
    this.#near = settings.nearCacheEntries === 0 ? null : new NearCache(settings.nearCacheEntries);
    if (this.#near !== null) database.changes.subscribe(this.#near);
    this.#flights = new LoadFlights<S, Position>({
      get: (each) => this.get(each),
      openFence: () => this.#store.fence(),
      closeFence: () => {},
      fill: (token, loaded, fence) => this.#fill(token, loaded.session, loaded.ttlSeconds, fence),
    });
  }

  get(token: string): S | null {
    const seat = this.#liveSeat(token);
    return this.#near === null || seat === NOWHERE ? this.#read(token) : this.#near.read(seat);
  }

  set(token: string, session: S, ttlSeconds: number): void {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    this.#store.put(bytesOf(hashToken(token)), encodeSession(session), ttlSeconds);
  }

  async getOrLoad(token: string, load: SessionLoader<S>): Promise<S | null> {
    return this.#flights.getOrLoad(token, load);
  }

  /**
   * See the contract. The write is left out while less than {@link DatabaseSessionCacheOptions.touchWriteShare}
   * of `ttlSeconds` would be gained; a life is shortened at once.
   */
  touch(token: string, ttlSeconds: number): boolean {
    this.#assertOpen();
    assertToken(token);
    assertDuration('ttlSeconds', ttlSeconds);
    const near = this.#near;
    const seat = this.#liveSeat(token);
    const isNear = near !== null && seat !== NOWHERE;
    // Others may have extended it since this process read it, but by no longer a life: that would have been logged.
    const isKnown = isNear && near.lifetime(seat) < ttlSeconds * 1000 + 1;
    if (isKnown && this.#gainsTooLittle(near.expiresAt(seat), ttlSeconds)) return true;
    const tokenHash = bytesOf(isNear ? near.tokenHash(seat) : hashToken(token));
    const life = this.#store.findLife(tokenHash);
    if (life === null) return false;
    if (isNear) near.setLife(seat, life.touchedAt, life.expiresAt);
    if (this.#gainsTooLittle(life.expiresAt, ttlSeconds)) return true;
    return this.#store.extend(tokenHash, ttlSeconds) !== null;
  }

  invalidate(token: string): boolean {
    this.#assertOpen();
    assertToken(token);
    const wasLive = this.#store.delete(bytesOf(hashToken(token)), this.#durability);
    publish('onehost:invalidated', { scope: 'token', removed: wasLive ? 1 : 0 });
    return wasLive;
  }

  invalidateByUser(userId: UserId, options: InvalidateByUserOptions = {}): number {
    this.#assertOpen();
    const user = userKey(userId);
    const exceptToken = readExceptToken(options);
    const removed = this.#store.deleteOf(
      user,
      exceptToken === undefined ? null : bytesOf(hashToken(exceptToken)),
      this.#durability,
    );
    publish('onehost:invalidated', { scope: 'user', removed });
    return removed;
  }

  invalidateById(userId: UserId, id: string): boolean {
    this.#assertOpen();
    const wasLive = this.#store.deleteOneOf(
      userKey(userId),
      (tokenHash) => sessionIdOfHash(tokenHash.toString('hex')) === id,
      this.#durability,
    );
    publish('onehost:invalidated', { scope: 'token', removed: wasLive ? 1 : 0 });
    return wasLive;
  }

  listByUser(userId: UserId): SessionSummary<S>[] {
    this.#assertOpen();
    return this.#store.list(userKey(userId)).map((entry) => ({
      id: sessionIdOfHash(entry.tokenHash.toString('hex')),
      session: new HeldSession<S>(entry.payload).read(),
      createdAt: new Date(entry.createdAt),
      touchedAt: new Date(entry.touchedAt),
      expiresAt: new Date(entry.expiresAt),
    }));
  }

  /**
   * See the contract. It takes the same time for any number of sessions: their rows stay in the file, and are removed from
   * it by `purgeExpired` and, two at a time, by each `set`.
   */
  clear(): void {
    this.#assertOpen();
    this.#store.clear(this.#durability);
    publish('onehost:invalidated', { scope: 'everything', removed: null });
  }

  /**
   * See the contract. It lets other writers go first (its thread waits 20 ms for one at most), so that it removes less, and never throws `DatabaseBusyError`.
   * When there is more to remove than a few sessions it starts a thread, which it ends with itself.
   */
  async purgeExpired(options?: PurgeOptions): Promise<PurgeResult> {
    const purge = new SessionPurge(this.#database, this.#store);
    const removeSlice = async (entries: number) => {
      this.#assertOpen();
      return purge.slice(entries);
    };
    try {
      return await purgeInSlices(removeSlice, this.#database.clock, options);
    } finally {
      await purge.end();
    }
  }

  /** Lets go of the near cache. The database stays open: it belongs to whoever opened it. */
  close(): void {
    this.#closed = true;
    if (this.#near === null) return;
    this.#database.changes.unsubscribe(this.#near);
    this.#near.everythingChanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Where the session is in this process's memory, if it is live and nobody has changed it since it was read. */
  #liveSeat(token: string): number {
    const near = this.#near;
    if (near === null) return NOWHERE;
    let seat = near.seatOf(token);
    if (seat === NOWHERE) return NOWHERE;
    const now = this.#database.clock.now();
    if (this.#database.catchUp(now)) seat = near.seatOf(token);
    return seat !== NOWHERE && near.expiresAt(seat) > now ? seat : NOWHERE;
  }

  #gainsTooLittle(expiresAt: number, ttlSeconds: number): boolean {
    const gainedSeconds = ttlSeconds - (expiresAt - this.#database.clock.now()) / 1000;
    return gainedSeconds >= 0 && gainedSeconds < this.#touchWriteShare * ttlSeconds;
  }

  #read(token: string): S | null {
    this.#assertOpen();
    assertToken(token);
    const tokenHash = hashToken(token);
    const entry = this.#store.find(bytesOf(tokenHash));
    return entry === null ? null : this.#hold(token, tokenHash, entry).read();
  }

  #fill(token: string, session: S, ttlSeconds: number, fence: Position): HeldSession<S> | null {
    this.#assertOpen();
    assertDuration('ttlSeconds', ttlSeconds);
    const tokenHash = hashToken(token);
    const encoded = encodeSession(session);
    const entry = this.#store.fill(bytesOf(tokenHash), encoded, ttlSeconds, fence);
    return entry === null ? null : this.#hold(token, tokenHash, entry);
  }

  /** Keeps in memory what was just read from the file, or written to it. */
  #hold(token: string, tokenHash: string, entry: LiveEntry): HeldSession<S> {
    const { userId, expiresAt } = entry;
    const held = new HeldSession<S>(entry.payload);
    this.#near?.put(token, { tokenHash, userId, held }, expiresAt);
    return held;
  }

  #assertOpen(): void {
    if (this.#closed) throw new CacheClosedError('DatabaseSessionCache');
  }
}

type Settings = {
  [Name in keyof DatabaseSessionCacheOptions]-?: NonNullable<DatabaseSessionCacheOptions[Name]>;
};

/** The database keeps bytes. 0.2 us, and less than to have the hash made as a Buffer. */
function bytesOf(tokenHash: string): Buffer {
  return Buffer.from(tokenHash, 'hex');
}

function readOptions(options: DatabaseSessionCacheOptions): Settings {
  assertKnownOptions('DatabaseSessionCache', options, [
    'nearCacheEntries',
    'revocationDurability',
    'touchWriteShare',
  ]);
  const {
    nearCacheEntries = 10_000,
    revocationDurability = 'power-loss',
    touchWriteShare = 0.05,
  } = options;
  assertInteger('nearCacheEntries', nearCacheEntries, { least: 0, most: 10_000_000 });
  assertOneOf('revocationDurability', revocationDurability, ['power-loss', 'process-crash']);
  if (typeof touchWriteShare !== 'number' || !(touchWriteShare >= 0 && touchWriteShare < 1)) {
    throw new InvalidOptionError(
      `touchWriteShare must be a number from 0 to below 1, but found ${String(touchWriteShare)}.`,
    );
  }
  return { nearCacheEntries, revocationDurability, touchWriteShare };
}
