import path from 'node:path';
import { requirePeer } from '../peer-packages.ts';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import type { OpenOptions, Peer, SessionStore } from './store.ts';
import { tuning } from './tune.ts';

interface Keyv {
  get(key: string): Promise<AppSession | undefined>;
  set(key: string, value: AppSession, ttlMilliseconds: number): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  disconnect(): Promise<void>;
}

interface KeyvSqlite {
  query(sql: string, parameters?: readonly string[]): Promise<unknown>;
}

const FILLED_BY_STATEMENT = 500;

class KeyvSubject implements SessionStore {
  readonly #keyv: Keyv;
  readonly #sqlite: KeyvSqlite;

  private constructor(keyv: Keyv, sqlite: KeyvSqlite) {
    this.#keyv = keyv;
    this.#sqlite = sqlite;
  }

  static async open({ folder, durability }: OpenOptions): Promise<KeyvSubject> {
    const { Keyv } = requirePeer<{ Keyv: new (options: object) => Keyv }>('keyv');
    const { KeyvSqlite } = requirePeer<{ KeyvSqlite: new (uri: string) => KeyvSqlite }>(
      '@keyv/sqlite',
    );
    const store = new KeyvSqlite(`sqlite://${path.join(folder, 'keyv.db')}`);
    // It has no options for these, and would otherwise wait for the disk twice per write.
    for (const pragma of tuning(durability)) await store.query(`pragma ${pragma}`);
    return new KeyvSubject(new Keyv({ store, throwOnErrors: true }), store);
  }

  get({ token }: BatchRequest) {
    return this.#keyv.get(token);
  }

  set({ token, session }: BatchRequest) {
    return this.#keyv.set(token, session, TTL_SECONDS * 1000);
  }

  async touch({ token }: BatchRequest) {
    const session = await this.#keyv.get(token);
    return session !== undefined && this.#keyv.set(token, session, TTL_SECONDS * 1000);
  }

  invalidate({ token }: BatchRequest) {
    return this.#keyv.delete(token);
  }

  /** The rows that keyv would write, in one transaction. */
  async fill(requests: readonly BatchRequest[]) {
    await this.#sqlite.query('begin immediate');
    for (let first = 0; first < requests.length; first += FILLED_BY_STATEMENT) {
      const rows = requests.slice(first, first + FILLED_BY_STATEMENT);
      const expires = Date.now() + TTL_SECONDS * 1000;
      await this.#sqlite.query(
        `insert or replace into keyv (key, value) values ${rows.map(() => '(?, ?)').join(', ')}`,
        rows.flatMap(({ token, session }) => [
          `keyv:${token}`,
          JSON.stringify({ value: session, expires }),
        ]),
      );
    }
    await this.#sqlite.query('commit');
  }

  close() {
    return this.#keyv.disconnect();
  }
}

export const keyv: Peer = {
  name: 'keyv + @keyv/sqlite',
  note: 'on sqlite3, in its thread pool; put into WAL mode here',
  keptIn: 'file',
  answersAtOnce: [],
  durabilities: ['process-crash', 'power-loss'],
  packages: ['keyv', '@keyv/sqlite'],
  open: (options) => KeyvSubject.open(options),
};
