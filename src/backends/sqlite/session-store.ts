import { DatabaseBusyError } from '../../contract/errors/index.ts';
import { expiryAfter } from '../../contract/expiry.ts';
import type { EncodedSession } from '../../session-values/encode-session.ts';
import type { Change, ChangeLog, Position } from './change-log.ts';
import type { Durability, OnehostDatabase } from './database.ts';
import { DeadRows } from './dead-rows.ts';
import { type EntryRow, SessionRows } from './session-rows.ts';

/** What is read of an entry; live at the time of reading. */
export type LiveEntry = Pick<EntryRow, 'userId' | 'payload' | 'expiresAt'>;

/** When an entry was set or touched last, and when it expires. */
export type Life = Pick<EntryRow, 'touchedAt' | 'expiresAt'>;

/**
 * How many expired or cleared entries each `set` removes. More than one, so that after a burst or a
 * `clear` their number falls although nobody purges, instead of staying at its highest.
 */
const REMOVED_BY_SET = 2;

/** What a transaction gives back, and what it has to log. */
interface Outcome<T> {
  readonly result: T;
  readonly logged: readonly Change[];
}

/**
 * The sessions in the file, each operation one transaction. It keeps the rule of the change log: what
 * others may hold and must not use any more is logged in the transaction that changes it; a fresh entry
 * and a life that goes on are not, since nobody can hold the one, and who holds the other reads it again when
 * the shorter life is over. A life that will be longer than it was is: who holds the old one would take a touch that
 * shortens it for one that changes nothing.
 */
export class SessionStore {
  readonly #database: OnehostDatabase;
  readonly #log: ChangeLog;
  readonly #rows: SessionRows;
  readonly #dead: DeadRows;

  constructor(database: OnehostDatabase) {
    this.#database = database;
    this.#log = database.changeLog;
    this.#rows = new SessionRows(database.connection);
    this.#dead = new DeadRows(database.connection);
  }

  find(tokenHash: Buffer): LiveEntry | null {
    const entry = this.#database.read(() => this.#rows.find(tokenHash));
    return entry !== undefined && this.#isLive(entry) ? entry : null;
  }

  findLife(tokenHash: Buffer): Life | null {
    const life = this.#database.read(() => this.#rows.findLife(tokenHash));
    return life !== undefined && this.#isLive(life) ? life : null;
  }

  list(userId: string): Omit<EntryRow, 'userId'>[] {
    return this.#database.read(() => this.#rows.listLive(userId, this.now()));
  }

  put(tokenHash: Buffer, session: EncodedSession, ttlSeconds: number): void {
    this.#change({ tokenHash }, () => ({
      result: undefined,
      logged: this.#upsert(tokenHash, session, this.#lifeOf(ttlSeconds)),
    }));
  }

  /** The position of the change log, for {@link fill}. */
  fence(): Position {
    return this.#database.read(() => this.#log.position());
  }

  /**
   * Keeps what was loaded after `fence`, unless it was invalidated since: then `null`. A live entry that
   * is there already survived every invalidation so far, so it is not older than what was loaded: it stays.
   */
  fill(
    tokenHash: Buffer,
    session: EncodedSession,
    ttlSeconds: number,
    fence: Position,
  ): LiveEntry | null {
    return this.#change<LiveEntry | null>({ tokenHash }, () => {
      const existing = this.#rows.find(tokenHash);
      if (existing !== undefined && this.#isLive(existing)) {
        return { result: existing, logged: [] };
      }
      if (this.#log.concernsSince(fence, tokenHash, session.userId)) {
        return { result: null, logged: [] };
      }
      const life = this.#lifeOf(ttlSeconds);
      const logged = this.#upsert(tokenHash, session, life);
      return { result: { ...session, expiresAt: life.expiresAt }, logged };
    });
  }

  /** The new expiry, or `null` when there is no live entry. */
  extend(tokenHash: Buffer, ttlSeconds: number): number | null {
    return this.#change({ tokenHash }, () => {
      const life = this.#rows.findLife(tokenHash);
      if (life === undefined || !this.#isLive(life)) return { result: null, logged: [] };
      const next = this.#lifeOf(ttlSeconds);
      this.#rows.setExpiry({ tokenHash, ...next });
      const isTold = next.expiresAt < life.expiresAt || lengthOf(next) > lengthOf(life);
      return { result: next.expiresAt, logged: isTold ? [{ tokenHash }] : [] };
    });
  }

  /** Whether a live entry was deleted. Logged in any case: the session may be on its way in. */
  delete(tokenHash: Buffer, durability: Durability): boolean {
    const change = { tokenHash };
    return this.#change(
      change,
      () => {
        const expiresAt = this.#rows.delete(tokenHash);
        return {
          result: expiresAt !== undefined && this.#isLive({ expiresAt }),
          logged: [change],
        };
      },
      durability,
    );
  }

  /** How many live entries were deleted. */
  deleteOf(userId: string, exceptTokenHash: Buffer | null, durability: Durability): number {
    return this.#change(
      { userId },
      () => this.#dropped(userId, this.#rows.deleteOf(userId, exceptTokenHash)),
      durability,
    );
  }

  /** Whether a live entry of this user was deleted, of those whose hash `isMeant`. */
  deleteOneOf(
    userId: string,
    isMeant: (tokenHash: Buffer) => boolean,
    durability: Durability,
  ): boolean {
    const removed = this.#change(
      { userId },
      () => {
        const tokenHash = this.#rows.hashesOf(userId).find(isMeant);
        const expiresAt = tokenHash && this.#rows.delete(tokenHash);
        return this.#dropped(userId, tokenHash && expiresAt ? [{ tokenHash, expiresAt }] : []);
      },
      durability,
    );
    return removed > 0;
  }

  /** The same time for any number of entries: they are gone for every reader, and removed by and by. */
  clear(durability: Durability): void {
    this.#change({}, () => ({ result: this.#rows.leaveAllBehind(), logged: [{}] }), durability);
  }

  /**
   * Removes up to `limit` entries that were cleared or have expired; `null` when another process is writing: nobody
   * needs it done now, so it waits for no lock. Not logged: the one was when it was cleared, and who holds the other knows
   * when it expires.
   */
  deleteDead(limit: number): number | null {
    try {
      return this.#database.impatiently(0, () =>
        this.#database.write(() => this.#dead.delete(this.now(), limit)),
      );
    } catch (error) {
      if (error instanceof DatabaseBusyError) return null;
      throw error;
    }
  }

  /** Inside a transaction. What is to be logged: that something was replaced, if it was. */
  #upsert(
    tokenHash: Buffer,
    session: EncodedSession,
    { touchedAt: now, expiresAt }: Life,
  ): Change[] {
    const previous = this.#rows.findPlace(tokenHash);
    const goesOn =
      previous !== undefined &&
      this.#isLive(previous) &&
      previous.userId === session.userId &&
      previous.tokenHash.equals(tokenHash);
    this.#rows.put({
      tokenHash,
      userId: session.userId,
      payload: session.payload,
      createdAt: goesOn ? previous.createdAt : now,
      touchedAt: now,
      expiresAt,
    });
    // Mostly there is nothing.
    if (this.#dead.any(now)) this.#dead.delete(now, REMOVED_BY_SET);
    return previous === undefined ? [] : [{ tokenHash: previous.tokenHash }];
  }

  /**
   * What is to be logged when entries of a user were dropped: the user, since a session of the user may
   * be on its way in; and each token, since what is on its way in for it may be of another user, and is
   * older than what was dropped.
   */
  #dropped(
    userId: string,
    entries: readonly Pick<EntryRow, 'tokenHash' | 'expiresAt'>[],
  ): Outcome<number> {
    return {
      result: entries.filter((entry) => this.#isLive(entry)).length,
      logged: [{ userId }, ...entries.map(({ tokenHash }) => ({ tokenHash }))],
    };
  }

  /**
   * Runs `work` in a transaction, logs there what `work` says, and after the commit tells the near caches
   * on this connection, for which the watch does not look out. `concerned` is what they must forget where
   * nothing was logged, and, as a precaution, where the transaction failed.
   */
  #change<T>(concerned: Change, work: () => Outcome<T>, durability?: Durability): T {
    let told: readonly (Change & { readonly position?: Position })[] = [concerned];
    try {
      const { result, logged } = this.#database.write(() => {
        const outcome = work();
        return {
          result: outcome.result,
          logged: outcome.logged.map((change) => ({
            ...change,
            position: this.#log.append(change),
          })),
        };
      }, durability);
      if (logged.length > 0) told = logged;
      return result;
    } finally {
      for (const change of told) this.#database.changes.applyOwn(change, change.position);
    }
  }

  /** In whole milliseconds, as times are in the file. */
  now(): number {
    return Math.floor(this.#database.clock.now());
  }

  /** What begins now. */
  #lifeOf(ttlSeconds: number): Life {
    const touchedAt = this.now();
    return { touchedAt, expiresAt: expiryAfter(touchedAt, ttlSeconds) };
  }

  #isLive(entry: { readonly expiresAt: number }): boolean {
    return entry.expiresAt > this.now();
  }
}

function lengthOf({ touchedAt, expiresAt }: Life): number {
  return expiresAt - touchedAt;
}
