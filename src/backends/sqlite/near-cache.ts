import { LRUCache } from 'lru-cache';
import { ownString } from '../../session-tokens/own-string.ts';
import type { HeldSession } from '../../session-values/held-session.ts';
import type { ChangeListener } from './change-feed.ts';
import { Doorkeeper } from './doorkeeper.ts';

/** A session as it was read from the file. */
export interface NearEntry<S> {
  readonly tokenHash: string;
  readonly userId: string;
  readonly held: HeldSession<S>;
  expiresAt: number;
}

/**
 * The sessions that this process has read, by token; the one not read for the longest time leaves first.
 * While it is full, a session enters at its second reading: to make room costs more than to read it.
 * It is no store: everything in it is in the file too, or is dropped before the next answer.
 *
 * Keyed by the token itself, so that a hit hashes nothing; changes name hashes and users, hence the two
 * indexes. Raw tokens stay in this process's memory, where each request brings them anyway.
 */
export class NearCache<S> implements ChangeListener {
  readonly #entries: LRUCache<string, NearEntry<S>>;
  readonly #tokenOfHash = new Map<string, string>();
  /** Most users have one session here, and then it is the bare hash: a Set for each costs a tenth of a cold read. */
  readonly #hashesOfUser = new Map<string, string | Set<string>>();

  readonly #doorkeeper: Doorkeeper;

  constructor(maxEntries: number) {
    this.#doorkeeper = new Doorkeeper(maxEntries);
    this.#entries = new LRUCache({
      max: maxEntries,
      dispose: (entry) => this.#forget(entry),
    });
  }

  get(token: string): NearEntry<S> | undefined {
    return this.#entries.get(token);
  }

  put(anyToken: string, entry: NearEntry<S>): void {
    const isFull = this.#entries.size >= this.#entries.max && !this.#entries.has(anyToken);
    if (isFull && !this.#doorkeeper.admits(entry.tokenHash)) return;
    const token = ownString(anyToken);
    this.#entries.set(token, entry);
    this.#tokenOfHash.set(entry.tokenHash, token);
    const hashes = this.#hashesOfUser.get(entry.userId);
    if (hashes === undefined) this.#hashesOfUser.set(entry.userId, entry.tokenHash);
    else if (typeof hashes !== 'string') hashes.add(entry.tokenHash);
    else if (hashes !== entry.tokenHash) {
      this.#hashesOfUser.set(entry.userId, new Set([hashes, entry.tokenHash]));
    }
  }

  tokenChanged(tokenHash: string): void {
    const token = this.#tokenOfHash.get(tokenHash);
    if (token !== undefined) this.#entries.delete(token);
  }

  userChanged(userId: string): void {
    for (const tokenHash of [...(this.#hashesOfUser.get(userId) ?? [])])
      this.tokenChanged(tokenHash);
  }

  everythingChanged(): void {
    this.#entries.clear();
  }

  #forget(entry: NearEntry<S>): void {
    this.#tokenOfHash.delete(entry.tokenHash);
    const hashes = this.#hashesOfUser.get(entry.userId);
    if (typeof hashes === 'string' || (hashes?.delete(entry.tokenHash) && hashes.size === 0)) {
      this.#hashesOfUser.delete(entry.userId);
    }
  }
}
