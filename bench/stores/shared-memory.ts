import { hash } from 'node:crypto';
import path from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { openSharedMemory, SharedMemorySessionCache } from 'onehost/shared-memory';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import type { SessionStore } from './store.ts';

/** `SharedMemorySessionCache`. */
export class SharedMemorySubject implements SessionStore {
  readonly #cache: SharedMemorySessionCache<AppSession>;
  readonly #close: () => Promise<void>;

  private constructor(cache: SharedMemorySessionCache<AppSession>, close: () => Promise<void>) {
    this.#cache = cache;
    this.#close = close;
  }

  static async open(folder: string): Promise<SharedMemorySubject> {
    const memory = await openSharedMemory('bench', { folder });
    return new SharedMemorySubject(new SharedMemorySessionCache(memory), () => memory.close());
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

  close() {
    return this.#close();
  }
}

const PAYLOAD = 8;

/** What an app would write by hand to read one: the same hash, expiry, JSON and coherence, and no index by user. */
export class RawSharedMemory implements SessionStore {
  readonly #environment: RootDatabase<Uint8Array, Uint8Array>;
  readonly #entries: Database<Uint8Array, Uint8Array>;

  constructor(folder: string) {
    const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const;
    this.#environment = open<Uint8Array, Uint8Array>({
      path: path.join(folder, 'raw.mdb'),
      noSync: true,
      ...bytes,
    });
    this.#entries = this.#environment.openDB({ name: 'entries', ...bytes });
  }

  get({ token }: BatchRequest) {
    // A turn of the event loop would otherwise see one state of the file: see lmdb.ts.
    this.#environment.resetReadTxn();
    const entry = this.#entries.getBinaryFast(keyOf(token));
    if (entry === undefined || entry.readDoubleLE(0) <= Date.now()) return null;
    return JSON.parse(entry.toString('utf8', PAYLOAD, entry.length)) as AppSession;
  }

  set({ token, session }: BatchRequest) {
    const payload = JSON.stringify(session);
    const entry = Buffer.allocUnsafe(PAYLOAD + Buffer.byteLength(payload));
    entry.writeDoubleLE(Date.now() + TTL_SECONDS * 1000);
    entry.write(payload, PAYLOAD);
    this.#entries.putSync(keyOf(token), entry);
    return true;
  }

  touch({ session, token, number }: BatchRequest) {
    return this.set({ session, token, number });
  }

  invalidate({ token }: BatchRequest) {
    return this.#entries.removeSync(keyOf(token));
  }

  close() {
    return this.#environment.close();
  }
}

function keyOf(token: string): Buffer {
  return Buffer.from(hash('sha256', token), 'hex');
}
