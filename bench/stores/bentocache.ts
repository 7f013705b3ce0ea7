import path from 'node:path';
import SqliteConnection from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { importPeer } from '../peer-packages.ts';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import type { OpenOptions, Peer, SessionStore } from './store.ts';
import { tune } from './tune.ts';

interface BentoCache {
  get(options: { key: string }): Promise<AppSession | undefined>;
  set(options: { key: string; value: AppSession; ttl: number }): Promise<boolean>;
  delete(options: { key: string }): Promise<boolean>;
  disconnectAll(): Promise<void>;
}

interface BentoPackage {
  readonly BentoCache: new (options: object) => BentoCache;
  bentostore(): { useL2Layer(driver: object): object };
}

/**
 * On its database layer alone. Its layer in memory learns what another process has changed from a bus, which
 * needs a Redis, and only some time after.
 *
 * Of its two drivers for SQLite the one on Kysely takes a third of the time of the one on Knex. It asks for Kysely
 * 0.27, and works with the 0.28 that onehost has.
 */
class BentoCacheSubject implements SessionStore {
  readonly #bento: BentoCache;
  readonly #connection: SqliteConnection.Database;

  private constructor(bento: BentoCache, connection: SqliteConnection.Database) {
    this.#bento = bento;
    this.#connection = connection;
  }

  static async open({ folder, durability }: OpenOptions): Promise<BentoCacheSubject> {
    const { BentoCache, bentostore } = await importPeer<BentoPackage>('bentocache');
    const { kyselyDriver } = await importPeer<{ kyselyDriver(options: object): object }>(
      'bentocache/drivers/kysely',
    );
    const connection = tune(new SqliteConnection(path.join(folder, 'bento.db')), durability);
    const kysely = new Kysely({ dialect: new SqliteDialect({ database: connection }) });
    const sessions = bentostore().useL2Layer(kyselyDriver({ connection: kysely }));
    const bento = new BentoCache({ default: 'sessions', stores: { sessions } });
    // Its first use makes the table.
    await bento.get({ key: 'none' });
    return new BentoCacheSubject(bento, connection);
  }

  get({ token }: BatchRequest) {
    return this.#bento.get({ key: token });
  }

  set({ token, session }: BatchRequest) {
    return this.#bento.set({ key: token, value: session, ttl: TTL_SECONDS * 1000 });
  }

  async touch({ token }: BatchRequest) {
    const value = await this.#bento.get({ key: token });
    return value !== undefined && this.#bento.set({ key: token, value, ttl: TTL_SECONDS * 1000 });
  }

  invalidate({ token }: BatchRequest) {
    return this.#bento.delete({ key: token });
  }

  /** The rows that bentocache would write, in one transaction. */
  fill(requests: readonly BatchRequest[]) {
    const insert = this.#connection.prepare(
      'insert or replace into bentocache (key, value, expires_at) values (?, ?, ?)',
    );
    const createdAt = Date.now();
    const logicalExpiration = createdAt + TTL_SECONDS * 1000;
    this.#connection.transaction(() => {
      for (const { token, session } of requests) {
        const value = { value: session, logicalExpiration, tags: [], createdAt };
        insert.run(`bentocache:${token}`, JSON.stringify(value), logicalExpiration);
      }
    })();
  }

  close() {
    return this.#bento.disconnectAll();
  }
}

export const bentocache: Peer = {
  name: 'bentocache, database layer',
  note: 'on Kysely and better-sqlite3, in WAL mode; a memory layer would need a bus',
  keptIn: 'file',
  answersAtOnce: [],
  durabilities: ['process-crash', 'power-loss'],
  packages: ['bentocache'],
  open: (options) => BentoCacheSubject.open(options),
};
