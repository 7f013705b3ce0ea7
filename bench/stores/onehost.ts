import {
  DatabaseSessionCache,
  type DatabaseSessionCacheOptions,
  InMemorySessionCache,
  type OnehostDatabase,
  type OpenDatabaseOptions,
  openDatabase,
} from 'onehost';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import { METHODS, type Peer, type SessionStore } from './store.ts';

/** `DatabaseSessionCache`, which everything else is compared with. */
export class DatabaseSubject implements SessionStore {
  readonly changeWatch: OnehostDatabase['changeWatch'];
  readonly #cache: DatabaseSessionCache<AppSession>;
  readonly #close: () => void;

  private constructor(database: OnehostDatabase, options: DatabaseSessionCacheOptions) {
    this.changeWatch = database.changeWatch;
    this.#cache = new DatabaseSessionCache<AppSession>(database, options);
    this.#close = () => database.close();
  }

  static async open(
    file: string,
    options: DatabaseSessionCacheOptions = {},
    databaseOptions: OpenDatabaseOptions = {},
  ): Promise<DatabaseSubject> {
    return new DatabaseSubject(await openDatabase(file, databaseOptions), options);
  }

  get({ token }: BatchRequest) {
    return this.#cache.get(token);
  }

  set({ token, session }: BatchRequest) {
    this.#cache.set(token, session, TTL_SECONDS);
    return true;
  }

  touch({ token }: BatchRequest) {
    return this.#cache.touch(token, TTL_SECONDS);
  }

  invalidate({ token }: BatchRequest) {
    return this.#cache.invalidate(token);
  }

  invalidateByUser({ session }: BatchRequest) {
    return this.#cache.invalidateByUser(session.userId);
  }

  close() {
    this.#cache.close();
    this.#close();
  }
}

/** A class of its own, so that V8 compiles its methods for the one cache that they meet. */
class MemorySubject implements SessionStore {
  readonly #cache = new InMemorySessionCache<AppSession>();

  get({ token }: BatchRequest) {
    return this.#cache.get(token);
  }

  set({ token, session }: BatchRequest) {
    this.#cache.set(token, session, TTL_SECONDS);
    return true;
  }

  touch({ token }: BatchRequest) {
    return this.#cache.touch(token, TTL_SECONDS);
  }

  invalidate({ token }: BatchRequest) {
    return this.#cache.invalidate(token);
  }

  close() {
    this.#cache.close();
  }
}

export const inMemorySessionCache: Peer = {
  name: 'InMemorySessionCache',
  note: 'one process',
  keptIn: 'memory',
  answersAtOnce: METHODS,
  durabilities: [],
  packages: [],
  open: () => new MemorySubject(),
};
