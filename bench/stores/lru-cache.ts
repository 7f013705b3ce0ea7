import { LRUCache } from 'lru-cache';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import { METHODS, type Peer, type SessionStore } from './store.ts';

/** As an app uses it: it keeps the very objects that it is given, and hands them to all readers. */
class LruCacheSubject implements SessionStore {
  readonly #cache: LRUCache<string, AppSession>;

  constructor(max = 100_000) {
    this.#cache = new LRUCache({ max, ttl: TTL_SECONDS * 1000 });
  }

  get({ token }: BatchRequest) {
    return this.#cache.get(token);
  }

  set({ token, session }: BatchRequest) {
    return this.#cache.set(token, session);
  }

  touch({ token }: BatchRequest) {
    return this.#cache.get(token, { updateAgeOnGet: true });
  }

  invalidate({ token }: BatchRequest) {
    return this.#cache.delete(token);
  }

  close() {
    this.#cache.clear();
  }
}

export const lruCache: Peer = {
  name: 'lru-cache',
  note: 'with ttl; one process, no copies: the limit in memory',
  keptIn: 'memory',
  answersAtOnce: METHODS,
  durabilities: [],
  packages: [],
  open: ({ sessions }) => new LruCacheSubject(sessions),
};
