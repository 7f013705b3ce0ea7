import { type LoadedSession, newSessionToken, type Session, type SessionCache } from 'onehost';
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
  readonly lastUsedAt: Date;
}

/**
 * The share of its life after which a login is renewed in the store of record; by so much a row may
 * run out before the cached session does, which only matters when the cache is lost.
 */
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

  /** The live session of this token, which thereby lives on. */
  async find(token: string): Promise<AppSession | null> {
    const session = await this.#cache.getOrLoad(token, () => this.#load(token));
    // Cheap on every request: the cache itself leaves out the writes that would gain little.
    if (session !== null) await this.#cache.touch(token, this.#seconds);
    return session;
  }

  /**
   * Lets the login live on in the store of record, once in a tenth of its life; until when, or `null`
   * if it is not yet time or the login has ended.
   */
  async renewIfDue(token: string, session: AppSession): Promise<Date | null> {
    if (Date.now() < session.renewAt) return null;
    const expiresAt = this.#expiry();
    if (!this.#logins.renew(token, expiresAt)) return null;
    // The copy in the cache still has the old `renewAt`.
    await this.#cache.invalidate(token);
    return new Date(expiresAt);
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

  /** Which devices there are is for the store of record to say; when they were last used, for the cache. */
  async devices(userId: number): Promise<Device[]> {
    const cached = await this.#cache.listByUser(userId);
    const lastUsed = new Map(cached.map(({ id, touchedAt }) => [id, touchedAt]));
    return this.#logins.ofUser(userId).map(({ id, device, createdAt }) => {
      const loggedInAt = new Date(createdAt);
      return { id, name: device, loggedInAt, lastUsedAt: lastUsed.get(id) ?? loggedInAt };
    });
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
