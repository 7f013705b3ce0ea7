import { LRUCache } from 'lru-cache';
import { ownString } from '../../session-tokens/own-string.ts';
import type { HeldSession } from '../../session-values/held-session.ts';

/** One session in memory. Times are milliseconds since 1970. */
export interface MemoryEntry<S> {
  readonly userId: string;
  readonly held: HeldSession<S>;
  readonly createdAt: number;
  touchedAt: number;
  expiresAt: number;
}

/**
 * Entries by token, bounded, with the tokens of each user beside them. The index cannot drift: every
 * way out of the table (removal, replacement, eviction) runs through `#forget`.
 */
export class SessionTable<S> {
  readonly #entries: LRUCache<string, MemoryEntry<S>>;
  readonly #tokensOfUser = new Map<string, Set<string>>();
  /** The same tokens, to be looked at for expiry in turn; an iterator of a Set bears what comes and goes. */
  readonly #rounds = new Set<string>();
  #round = this.#rounds.values();

  /** @param onEvicted is told of each entry that left so that there was room for another, live or not. */
  constructor(maxEntries: number, onEvicted: (token: string, entry: MemoryEntry<S>) => void) {
    this.#entries = new LRUCache({
      max: maxEntries,
      dispose: (entry, token, reason) => {
        this.#forget(token, entry);
        if (reason === 'evict') onEvicted(token, entry);
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry if it is live at `now`; being read makes it the last to be evicted. */
  live(token: string, now: number): MemoryEntry<S> | undefined {
    const entry = this.#entries.get(token);
    return entry !== undefined && entry.expiresAt > now ? entry : undefined;
  }

  put(anyToken: string, entry: MemoryEntry<S>): void {
    const token = ownString(anyToken);
    this.#entries.set(token, entry);
    this.#rounds.add(token);
    const tokens = this.#tokensOfUser.get(entry.userId);
    if (tokens === undefined) this.#tokensOfUser.set(entry.userId, new Set([token]));
    else tokens.add(token);
  }

  /** Whether there was a live entry. */
  remove(token: string, now: number): boolean {
    const wasLive = (this.#entries.peek(token)?.expiresAt ?? 0) > now;
    this.#entries.delete(token);
    return wasLive;
  }

  tokensOf(userId: string): readonly string[] {
    return [...(this.#tokensOfUser.get(userId) ?? [])];
  }

  /** Begins the next round now. */
  beginRound(): void {
    this.#round = this.#rounds.values();
  }

  clear(): void {
    this.#entries.clear();
  }

  /**
   * Looks at the next `count` entries of a round over all of them and removes the expired ones.
   * Taking turns finds each within two rounds of size / count calls, at a constant cost per call; a heap by
   * expiry would keep what was touched or replaced for as long as it was first to live.
   */
  removeExpiredAmongNext(count: number, now: number): number {
    let removed = 0;
    for (let looked = 0; looked < count; looked++) {
      const next = this.#round.next();
      if (next.done) {
        // The round is over; what was added during it was looked at too.
        this.#round = this.#rounds.values();
        break;
      }
      if ((this.#entries.peek(next.value)?.expiresAt ?? 0) <= now) {
        this.#entries.delete(next.value);
        removed++;
      }
    }
    return removed;
  }

  #forget(token: string, entry: MemoryEntry<S>): void {
    this.#rounds.delete(token);
    const tokens = this.#tokensOfUser.get(entry.userId);
    if (tokens?.delete(token) && tokens.size === 0) this.#tokensOfUser.delete(entry.userId);
  }
}
