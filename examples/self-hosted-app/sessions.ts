import {
  type Awaitable,
  type LoadedSession,
  newSessionToken,
  type Session,
  type SessionCache,
  UnreadableEntryError,
} from 'onehost';
import type { Logins } from './logins.ts';
import type { User } from './users.ts';

/** What the cache remembers of a login. Plain data: all readers share one frozen object. */
export interface AppSession extends Session {
  readonly userId: number;
  readonly userName: string;
  readonly device: string;
  /** From when on a use of the login renews it in the store of record; milliseconds since 1970. */
  readonly renewAt: number;
}

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly loggedInAt: Date;
  /** When it was last used, to a tenth of a login's life. */
  readonly renewedAt: Date;
}

export interface FoundSession {
  readonly session: AppSession;
  /** The new end of the login, for the cookie; `null` when it was not yet time to renew it. */
  readonly renewedUntil: Date | null;
}

/** The share of its life after which a login that is used is renewed. */
const RENEW_AFTER = 0.1;

/**
 * Logging in and out: the store of record and the cache in front of it, in the one order that is
 * safe. **First the store, then the invalidation.** The other way round, a request in between would
 * load the session again, and nobody would invalidate that copy.
 */
export class Sessions {
  readonly #logins: Logins;
  readonly #cache: SessionCache<AppSession>;
  readonly #seconds: number;
  #loads = 0;

  constructor(logins: Logins, cache: SessionCache<AppSession>, sessionSeconds: number) {
    this.#logins = logins;
    this.#cache = cache;
    this.#seconds = sessionSeconds;
  }

  /** How often this process had to ask the store of record since it started. */
  get loads(): number {
    return this.#loads;
  }

  /**
   * A new token for this user. What the user had before ends, unless `keepOtherDevices`: a thief's session
   * must not outlive the login of the rightful owner.
   *
   * Nothing is put in the cache here; the first request loads it. A `set` could come after another
   * login has already removed this one and invalidated it, and would bring it back.
   */
  async logIn(
    user: User,
    { device, keepOtherDevices }: { device: string; keepOtherDevices: boolean },
  ): Promise<{ token: string; expiresAt: Date }> {
    const token = newSessionToken();
    const expiresAt = this.#expiry();
    this.#logins.add(token, { userId: user.id, device, expiresAt }, keepOtherDevices);
    if (!keepOtherDevices) await this.#cache.invalidateByUser(user.id, { exceptToken: token });
    return { token, expiresAt: new Date(expiresAt) };
  }

  /**
   * The live session of this token, which thereby lives on: once in a tenth of its life it is renewed in
   * the store of record, and then until `renewedUntil`. The copy in the cache never outlives the row.
   */
  async find(token: string): Promise<FoundSession | null> {
    const session = await readAgain(
      () => this.#cache.getOrLoad(token, () => this.#load(token)),
      () => this.#cache.invalidate(token),
    );
    if (session === null) return null;
    if (Date.now() < session.renewAt) return { session, renewedUntil: null };
    const expiresAt = this.#expiry();
    const isLive = this.#logins.renew(token, expiresAt);
    // The cached copy is of before the renewal, or of a login that has ended.
    await this.#cache.invalidate(token);
    return isLive ? { session, renewedUntil: new Date(expiresAt) } : null;
  }

  async logOut(token: string): Promise<void> {
    this.#logins.remove(token);
    await this.#cache.invalidate(token);
  }

  async logOutOthers(userId: number, token: string): Promise<void> {
    this.#logins.removeOthers(userId, token);
    await this.#cache.invalidateByUser(userId, { exceptToken: token });
  }

  /** Whether this user had such a device. */
  async signOutDevice(userId: number, id: string): Promise<boolean> {
    const wasThere = this.#logins.removeById(userId, id);
    // Even if it was not: an earlier attempt may have ended between the two steps.
    const wasCached = await this.#cache.invalidateById(userId, id);
    return wasThere || wasCached;
  }

  /**
   * The devices that are logged in. One that only the cache still knows is among them: its logout was
   * interrupted between the store and the cache, and must be there to be pressed again.
   */
  async devices(userId: number): Promise<Device[]> {
    const logins = this.#logins.ofUser(userId).map(({ id, device, createdAt, expiresAt }) => ({
      id,
      name: device,
      loggedInAt: new Date(createdAt),
      renewedAt: new Date(expiresAt - this.#seconds * 1000),
    }));
    const known = new Set(logins.map(({ id }) => id));
    const cached = await readAgain(
      () => this.#cache.listByUser(userId),
      () => this.#cache.invalidateByUser(userId),
    );
    const leftOver = cached.filter(({ id }) => !known.has(id));
    return [
      ...logins,
      ...leftOver.map(({ id, session, createdAt }) => ({
        id,
        name: session.device,
        loggedInAt: createdAt,
        renewedAt: createdAt,
      })),
    ];
  }

  #load(token: string): LoadedSession<AppSession> | null {
    this.#loads++;
    const login = this.#logins.find(token);
    if (login === undefined) return null;
    const { userId, userName, device, expiresAt } = login;
    const renewAt = expiresAt - (1 - RENEW_AFTER) * this.#seconds * 1000;
    return {
      session: { userId, userName, device, renewAt },
      ttlSeconds: Math.max(expiresAt - Date.now(), 1) / 1000,
    };
  }

  #expiry(): number {
    return Date.now() + this.#seconds * 1000;
  }
}

/**
 * What the cache has; once more, after it has been dropped, if it cannot be read: a newer version of the
 * app may have written it, and been rolled back since. The store of record has it all.
 */
async function readAgain<T>(read: () => Awaitable<T>, drop: () => Awaitable<unknown>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UnreadableEntryError)) throw error;
    await drop();
    return read();
  }
}
