import { ownString } from '../../session-tokens/own-string.ts';
import type { HeldSession } from '../../session-values/held-session.ts';
import type { ChangeListener } from './change-feed.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { SeatClock } from './seat-clock.ts';
import { NOWHERE, TokenSeats } from './token-seats.ts';

/** A session as it was read from the file. */
export interface ReadSession<S> {
  readonly tokenHash: string;
  readonly userId: string;
  readonly held: HeldSession<S>;
}

/**
 * The sessions that this process has read, by token; one that was not read for long leaves first.
 * While it is full, a session enters at its second reading: to make room costs more than to read it.
 * It is no store: everything in it is in the file too, or is dropped before the next answer.
 *
 * Keyed by the token itself, so that a hit hashes nothing; changes name hashes and users, hence the two
 * indexes. Raw tokens stay in this process's memory, where each request brings them anyway.
 *
 * What it holds for one token is in columns, at a seat that it has until the next change.
 */
export class NearCache<S> implements ChangeListener {
  readonly #ofToken = new TokenSeats();
  readonly #ofHash = new Map<string, number>();
  /** Most users have one session here, and then it is the bare hash: a Set for each costs a tenth of a cold read. */
  readonly #hashesOfUser = new Map<string, string | Set<string>>();
  readonly #clock: SeatClock;
  readonly #doorkeeper: Doorkeeper;

  readonly #expiresAt: number[] = [];
  readonly #lifetimes: number[] = [];
  readonly #shared: (S | undefined)[] = [];
  readonly #sessions: (ReadSession<S> | undefined)[] = [];

  constructor(maxEntries: number) {
    this.#clock = new SeatClock(maxEntries);
    this.#doorkeeper = new Doorkeeper(maxEntries);
  }

  /** {@link NOWHERE} if there is none. Anything may come as a token: who finds nothing here checks it. */
  seatOf(token: string): number {
    const seat = typeof token === 'string' ? this.#ofToken.find(token) : NOWHERE;
    if (seat !== NOWHERE) this.#clock.markRead(seat);
    return seat;
  }

  expiresAt(seat: number): number {
    return this.#expiresAt[seat] as number;
  }

  /**
   * How long after a touch the session expires at most, in milliseconds, if others touch it and nobody is told; Infinity until
   * {@link setLife} says.
   */
  lifetime(seat: number): number {
    return this.#lifetimes[seat] as number;
  }

  setLife(seat: number, touchedAt: number, expiresAt: number): void {
    this.#expiresAt[seat] = expiresAt;
    this.#lifetimes[seat] = expiresAt - touchedAt;
  }

  read(seat: number): S {
    return this.#shared[seat] ?? this.#session(seat).held.read();
  }

  tokenHash(seat: number): string {
    return this.#session(seat).tokenHash;
  }

  put(token: string, session: ReadSession<S>, expiresAt: number): void {
    const { tokenHash, userId, held } = session;
    const previous = this.#ofHash.get(tokenHash);
    if (previous !== undefined) this.#remove(previous);
    else if (this.#clock.isFull) {
      if (!this.#doorkeeper.admits(tokenHash)) return;
      this.#remove(this.#clock.next());
    }
    const seat = this.#clock.take();
    this.#ofToken.put(ownString(token), seat);
    this.#ofHash.set(tokenHash, seat);
    this.#expiresAt[seat] = expiresAt;
    this.#lifetimes[seat] = Number.POSITIVE_INFINITY;
    this.#shared[seat] = held.shared;
    this.#sessions[seat] = session;
    const hashes = this.#hashesOfUser.get(userId);
    if (hashes === undefined) this.#hashesOfUser.set(userId, tokenHash);
    else if (typeof hashes !== 'string') hashes.add(tokenHash);
    else this.#hashesOfUser.set(userId, new Set([hashes, tokenHash]));
  }

  tokenChanged(tokenHash: string): void {
    const seat = this.#ofHash.get(tokenHash);
    if (seat !== undefined) this.#remove(seat);
  }

  userChanged(userId: string): void {
    const hashes = this.#hashesOfUser.get(userId) ?? [];
    for (const tokenHash of typeof hashes === 'string' ? [hashes] : [...hashes]) {
      this.tokenChanged(tokenHash);
    }
  }

  everythingChanged(): void {
    this.#ofToken.clear();
    this.#ofHash.clear();
    this.#hashesOfUser.clear();
    this.#clock.clear();
    this.#expiresAt.length = 0;
    this.#lifetimes.length = 0;
    this.#shared.length = 0;
    this.#sessions.length = 0;
  }

  #session(seat: number): ReadSession<S> {
    return this.#sessions[seat] as ReadSession<S>;
  }

  #remove(seat: number): void {
    const { tokenHash, userId } = this.#session(seat);
    this.#ofToken.remove(seat);
    this.#ofHash.delete(tokenHash);
    this.#shared[seat] = undefined;
    this.#sessions[seat] = undefined;
    this.#clock.vacate(seat);
    const hashes = this.#hashesOfUser.get(userId);
    if (typeof hashes === 'string' || (hashes?.delete(tokenHash) && hashes.size === 0)) {
      this.#hashesOfUser.delete(userId);
    }
  }
}
