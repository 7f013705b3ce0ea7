import path from 'node:path';
import { requirePeer } from '../peer-packages.ts';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import { METHODS, type OpenOptions, type Peer, type SessionStore } from './store.ts';

interface Entry {
  readonly expiresAt: number;
  readonly session: AppSession;
}

interface LmdbDatabase {
  get(key: string): Entry | undefined;
  putSync(key: string, entry: Entry): boolean;
  removeSync(key: string): boolean;
  transactionSync(work: () => void): void;
  resetReadTxn(): void;
  close(): Promise<void>;
}

/**
 * lmdb has no expiry, so the app keeps it beside the session and looks. Writes that are awaited one at a
 * time take longer than the synchronous ones used here (1.2 times with fsync, 3 times without).
 */
class LmdbSubject implements SessionStore {
  readonly #database: LmdbDatabase;

  constructor({ folder }: OpenOptions, options: object) {
    const { open } = requirePeer<{ open(options: object): LmdbDatabase }>('lmdb');
    this.#database = open({
      path: path.join(folder, 'lmdb'),
      // Writes the names of the properties once and not into each entry, as its documentation advises.
      sharedStructuresKey: Symbol.for('structures'),
      ...options,
    });
  }

  get({ token }: BatchRequest) {
    // It reads a state of the file for as long as a turn of the event loop lasts. Each request of a server has a turn of its own, and
    // a whole batch has one: without this no get of it would see what another process has committed since it began.
    this.#database.resetReadTxn();
    const entry = this.#database.get(token);
    return entry !== undefined && entry.expiresAt > Date.now() ? entry.session : null;
  }

  set({ token, session }: BatchRequest) {
    return this.#database.putSync(token, { expiresAt: expiry(), session });
  }

  touch({ token }: BatchRequest) {
    const entry = this.#database.get(token);
    if (entry === undefined || entry.expiresAt <= Date.now()) return false;
    return this.#database.putSync(token, { ...entry, expiresAt: expiry() });
  }

  invalidate({ token }: BatchRequest) {
    return this.#database.removeSync(token);
  }

  fill(requests: readonly BatchRequest[]) {
    this.#database.transactionSync(() => {
      for (const request of requests) this.set(request);
    });
  }

  close() {
    return this.#database.close();
  }
}

function expiry(): number {
  return Date.now() + TTL_SECONDS * 1000;
}

export const lmdb: Peer = {
  name: 'lmdb',
  note: 'msgpack; each write waits for the disk',
  keptIn: 'file',
  answersAtOnce: METHODS,
  durabilities: ['process-crash', 'power-loss'],
  packages: ['lmdb'],
  // Its default, overlappingSync, lets the next transaction begin before this one is on disk.
  open: (options) =>
    new LmdbSubject(options, { overlappingSync: options.durability === 'process-crash' }),
};

export const lmdbWithoutSync: Peer = {
  ...lmdb,
  name: 'lmdb, noSync',
  note: 'msgpack; a power cut may destroy the file',
  durabilities: ['process-crash'],
  readsLike: lmdb,
  open: (options) => new LmdbSubject(options, { noSync: true }),
};
