import { hash } from 'node:crypto';
import { openPostgres, PostgresSessionCache } from 'onehost/postgres';
import pg from 'pg';
import { requirePeer } from '../peer-packages.ts';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import type { SessionStore } from './store.ts';

type Callback<T> = (error: unknown, value: T) => void;

interface ConnectPgSimple {
  get(token: string, callback: Callback<AppSession | null>): void;
  set(token: string, session: object, callback: Callback<unknown>): void;
  touch(token: string, session: object, callback: Callback<unknown>): void;
  destroy(token: string, callback: Callback<unknown>): void;
  close(): Promise<void>;
}

type StoreMaker = (session: { readonly Store: object }) => new (options: object) => ConnectPgSimple;

/** As many connections for each as requests are awaited together at most. */
export function poolOn(port: number, max: number): pg.Pool {
  return new pg.Pool({
    ...{ host: '127.0.0.1', port, user: 'onehost', database: 'postgres', max },
    connectionTimeoutMillis: 10_000,
    statement_timeout: 10_000,
  });
}

/** `PostgresSessionCache`. */
export class PostgresCacheSubject implements SessionStore {
  readonly #pool: pg.Pool;
  readonly #cache: PostgresSessionCache<AppSession>;

  private constructor(pool: pg.Pool, cache: PostgresSessionCache<AppSession>) {
    this.#pool = pool;
    this.#cache = cache;
  }

  static async open(pool: pg.Pool): Promise<PostgresCacheSubject> {
    return new PostgresCacheSubject(pool, new PostgresSessionCache(await openPostgres(pool)));
  }

  get({ token }: BatchRequest) {
    return this.#cache.get(token);
  }

  async set({ token, session }: BatchRequest) {
    await this.#cache.set(token, session, TTL_SECONDS);
    return true;
  }

  touch({ token }: BatchRequest) {
    return this.#cache.touch(token, TTL_SECONDS);
  }

  invalidate({ token }: BatchRequest) {
    return this.#cache.invalidate(token);
  }

  async close() {
    await this.#cache.close();
    await this.#pool.end();
  }
}

/** What an app writes by hand: one table, statements prepared once per connection, no hash of the token, JSON. */
export class RawPostgres implements SessionStore {
  readonly #pool: pg.Pool;

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  static async open(pool: pg.Pool): Promise<RawPostgres> {
    await pool.query(
      'create table raw_sessions (token text primary key, payload text not null, expires_at bigint not null)',
    );
    return new RawPostgres(pool);
  }

  async get({ token }: BatchRequest) {
    const text = 'select payload from raw_sessions where token = $1 and expires_at > $2';
    const { rows } = await this.#pool.query({
      name: 'get',
      text,
      values: [token, Date.now()],
    });
    return rows[0] === undefined ? null : (JSON.parse(rows[0].payload) as AppSession);
  }

  async set({ token, session }: BatchRequest) {
    const text = `insert into raw_sessions values ($1, $2, $3)
      on conflict (token) do update set payload = excluded.payload, expires_at = excluded.expires_at`;
    const expiresAt = Date.now() + TTL_SECONDS * 1000;
    const values = [token, JSON.stringify(session), expiresAt];
    return (await this.#pool.query({ name: 'set', text, values })).rowCount === 1;
  }

  async touch({ token }: BatchRequest) {
    const text = 'update raw_sessions set expires_at = $2 where token = $1';
    const values = [token, Date.now() + TTL_SECONDS * 1000];
    return (await this.#pool.query({ name: 'touch', text, values })).rowCount === 1;
  }

  async invalidate({ token }: BatchRequest) {
    const text = 'delete from raw_sessions where token = $1';
    return (await this.#pool.query({ name: 'delete', text, values: [token] })).rowCount === 1;
  }

  close() {
    return this.#pool.end();
  }
}

/** Its `get` alone: the statement of `PostgresSessionCache` on its table, the same hash of the token, and JSON. What is measured against it is what onehost adds. */
export class RawSameStatement implements SessionStore {
  readonly #pool: pg.Pool;
  readonly #cache: PostgresCacheSubject;

  private constructor(pool: pg.Pool, cache: PostgresCacheSubject) {
    this.#pool = pool;
    this.#cache = cache;
  }

  static async open(pool: pg.Pool): Promise<RawSameStatement> {
    return new RawSameStatement(pool, await PostgresCacheSubject.open(pool));
  }

  async get({ token }: BatchRequest) {
    const text = `select payload from onehost.sessions
      where token_hash = $1::bytea and generation = (select session_generation from onehost.state) and expires_at > onehost.now_ms()`;
    const values = [`\\x${hash('sha256', token)}`];
    const { rows } = await this.#pool.query({ name: 'get', text, values });
    return rows[0] === undefined ? null : (JSON.parse(rows[0].payload) as AppSession);
  }

  set(request: BatchRequest) {
    return this.#cache.set(request);
  }

  touch(request: BatchRequest) {
    return this.#cache.touch(request);
  }

  invalidate(request: BatchRequest) {
    return this.#cache.invalidate(request);
  }

  close() {
    return this.#cache.close();
  }
}

/** The store of express-session for PostgreSQL. */
export class ConnectPgSimpleSubject implements SessionStore {
  readonly #pool: pg.Pool;
  readonly #store: ConnectPgSimple;

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
    const Store = requirePeer<StoreMaker>('connect-pg-simple')(requirePeer('express-session'));
    this.#store = new Store({ pool, createTableIfMissing: true, pruneSessionInterval: false });
  }

  static async open(pool: pg.Pool): Promise<ConnectPgSimpleSubject> {
    return new ConnectPgSimpleSubject(pool);
  }

  get({ token }: BatchRequest) {
    return answerOf<AppSession | null>((callback) => this.#store.get(token, callback));
  }

  async set({ token, session }: BatchRequest) {
    const entry = { cookie: { maxAge: TTL_SECONDS * 1000 }, ...session };
    await answerOf((callback) => this.#store.set(token, entry, callback));
    return true;
  }

  async touch({ token, session }: BatchRequest) {
    const entry = { cookie: { maxAge: TTL_SECONDS * 1000 }, ...session };
    await answerOf((callback) => this.#store.touch(token, entry, callback));
    return true;
  }

  async invalidate({ token }: BatchRequest) {
    await answerOf((callback) => this.#store.destroy(token, callback));
    return true;
  }

  async close() {
    await this.#store.close();
    await this.#pool.end();
  }
}

function answerOf<T>(ask: (callback: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, value) => (error ? reject(error) : resolve(value)));
  });
}
