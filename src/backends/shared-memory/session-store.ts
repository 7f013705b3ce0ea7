import { hash } from 'node:crypto';
import { publish } from '../../contract/events.ts';
import { expiryAfter } from '../../contract/expiry.ts';
import { hashToken } from '../../session-tokens/hash-token.ts';
import type { EncodedSession } from '../../session-values/encode-session.ts';
import type { FencePosition } from './fence-marks.ts';
import type { EntryHeader } from './session-entry.ts';
import type { SharedMemory } from './shared-memory.ts';

/** An entry as it is listed; live at the time of reading. */
export interface ListedEntry extends Omit<EntryHeader, 'userHash'> {
  readonly tokenHash: string;
  readonly payload: string;
}

/**
 * How many expired entries each `set` removes. More than one, so that after a burst their number falls although nobody
 * purges, instead of staying at its highest.
 */
const REMOVED_BY_SET = 2;

const PUT = { revokes: false };
const REVOCATION = { revokes: true };

/** Written over by each look-up: nothing keeps it. */
const sought = Buffer.alloc(32);

/** The sessions in shared memory, each operation one transaction. */
export class SessionStore {
  readonly #memory: SharedMemory;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  find(token: string): string | null {
    const now = this.now();
    sought.write(hashToken(token), 'hex');
    return this.#memory.read(now, () => this.#tables.payload(sought, now));
  }

  /** When the live entry expires; `null` when there is none. */
  expiry(tokenHash: Buffer): number | null {
    const now = this.now();
    const expiresAt = this.#memory.read(now, () => this.#tables.header(tokenHash)?.expiresAt);
    return expiresAt !== undefined && expiresAt > now ? expiresAt : null;
  }

  /** The last set or touched first. */
  list(userId: string): ListedEntry[] {
    const now = this.now();
    const entries = this.#memory.read(now, () =>
      this.#tables.ofUser(hashOfUser(userId)).flatMap((tokenHash) => {
        const entry = this.#tables.headerAndPayload(tokenHash);
        return entry === undefined || entry.expiresAt <= now
          ? []
          : [{ ...entry, tokenHash: Buffer.from(tokenHash).toString('hex') }];
      }),
    );
    return entries.sort((a, b) => b.touchedAt - a.touchedAt);
  }

  put(tokenHash: Buffer, session: EncodedSession, ttlSeconds: number): void {
    this.#put(() => this.#upsert(tokenHash, session, ttlSeconds));
  }

  /** The moment for {@link fill}. */
  fence(): FencePosition {
    return this.#memory.read(this.now(), () => this.#memory.marks.position());
  }

  /**
   * Keeps what was loaded after `fence`, unless it was invalidated since: then `null`. A live entry that
   * is there already survived every invalidation so far, so it is not older than what was loaded: it stays. What comes back is the payload.
   */
  fill(
    tokenHash: Buffer,
    session: EncodedSession,
    ttlSeconds: number,
    fence: FencePosition,
  ): string | null {
    return this.#put(() => {
      const existing = this.#tables.payload(tokenHash, this.now());
      if (existing !== null) return existing;
      const concerned = [tokenHash, hashOfUser(session.userId)];
      if (this.#memory.marks.concernsSince(fence, concerned)) return null;
      this.#upsert(tokenHash, session, ttlSeconds);
      return session.payload;
    });
  }

  /** Whether there was a live entry whose life begins anew. */
  extend(tokenHash: Buffer, ttlSeconds: number): boolean {
    return this.#put(() => {
      const now = this.now();
      const entry = this.#tables.headerAndPayload(tokenHash);
      if (entry === undefined || entry.expiresAt <= now) return false;
      const { payload, ...header } = entry;
      const expiresAt = expiryAfter(now, ttlSeconds);
      this.#tables.put(tokenHash, { ...header, touchedAt: now, expiresAt }, payload);
      // It needs no more room than before, but the pages that it was on may not be free.
      this.#makeRoom(0);
      return true;
    });
  }

  /** Whether a live entry was deleted. Marked in any case: the session may be on its way in. */
  delete(tokenHash: Buffer): boolean {
    return this.#memory.write(() => {
      this.#memory.marks.mark([tokenHash]);
      return this.#isLive(this.#tables.delete(tokenHash));
    }, REVOCATION);
  }

  /** How many live entries were deleted. */
  deleteOf(userId: string, exceptTokenHash: Buffer | null): number {
    return this.#deleteOf(userId, (tokenHash) => exceptTokenHash?.equals(tokenHash) !== true);
  }

  /** Whether a live entry of this user was deleted, of those whose hash `isMeant`. */
  deleteOneOf(userId: string, isMeant: (tokenHash: string) => boolean): boolean {
    const removed = this.#deleteOf(userId, (tokenHash) =>
      isMeant(Buffer.from(tokenHash).toString('hex')),
    );
    return removed > 0;
  }

  clear(): void {
    this.#memory.write(() => {
      this.#memory.marks.markEverything();
      this.#tables.clear();
    }, REVOCATION);
  }

  /** How many expired entries were removed, at most `limit`. */
  deleteExpired(limit: number): number {
    return this.#memory.write(() => this.#deleteExpired(limit), PUT);
  }

  /** In whole milliseconds. */
  now(): number {
    return Math.floor(this.#memory.clock.now());
  }

  get #tables() {
    return this.#memory.tables;
  }

  /**
   * The user is marked, since a session of the user may be on its way in; and each token, since what is on its way in for it may be
   * of another user, and is older than what was dropped.
   */
  #deleteOf(userId: string, isMeant: (tokenHash: Uint8Array) => boolean): number {
    const userHash = hashOfUser(userId);
    return this.#memory.write(() => {
      const meant = this.#tables.ofUser(userHash).filter(isMeant);
      this.#memory.marks.mark([userHash, ...meant]);
      return meant.filter((tokenHash) => this.#isLive(this.#tables.delete(tokenHash))).length;
    }, REVOCATION);
  }

  /** A transaction that may have to make room: how many live entries left for it is told when it is done. */
  #put<T>(work: () => T): T {
    this.#evicted = 0;
    const result = this.#memory.write(work, PUT);
    if (this.#evicted > 0) publish('onehost:evicted', { removed: this.#evicted });
    return result;
  }

  #evicted = 0;

  /** Inside a transaction. */
  #upsert(tokenHash: Buffer, { userId, payload }: EncodedSession, ttlSeconds: number): void {
    this.#deleteExpired(REMOVED_BY_SET);
    this.#makeRoom(Buffer.byteLength(payload));
    const now = this.now();
    const userHash = hashOfUser(userId);
    const previous = this.#tables.header(tokenHash);
    const goesOn = this.#isLive(previous) && userHash.equals(previous.userHash);
    const createdAt = goesOn ? previous.createdAt : now;
    const expiresAt = expiryAfter(now, ttlSeconds);
    this.#tables.put(tokenHash, { expiresAt, createdAt, touchedAt: now, userHash }, payload);
  }

  /** Inside a transaction. They are marked: what is being loaded for one of them may be older than what leaves. */
  #makeRoom(bytes: number): void {
    const surplus = this.#memory.budget.surplus(bytes);
    if (surplus === 0) return;
    const leaving = this.#tables.soonest(surplus);
    this.#memory.marks.mark(leaving);
    for (const tokenHash of leaving) {
      if (this.#isLive(this.#tables.delete(tokenHash))) this.#evicted++;
    }
  }

  #deleteExpired(limit: number): number {
    const expired = this.#tables.soonest(limit, this.now());
    for (const tokenHash of expired) this.#tables.delete(tokenHash);
    return expired.length;
  }

  #isLive<Header extends { readonly expiresAt: number }>(
    header: Header | undefined,
  ): header is Header {
    return header !== undefined && header.expiresAt > this.now();
  }
}

/** As long as that of a token, whatever the id, since the keys of LMDB have a limit. */
function hashOfUser(userId: string): Buffer {
  return Buffer.from(hash('sha256', `onehost user ${userId}`), 'hex');
}
