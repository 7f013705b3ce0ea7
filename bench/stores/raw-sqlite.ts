import SqliteConnection, { type Database, type Statement } from 'better-sqlite3';
import { TTL_SECONDS } from '../requests.ts';
import { createSchema } from './session-table.ts';
import type { Durability } from './store.ts';
import { tune } from './tune.ts';

export interface RawOptions {
  /** Made if it is not there. */
  readonly file: string;
  readonly durability: Durability;
}

/** What a row says besides its payload. */
interface Life {
  readonly expires_at: number;
}

/**
 * The statements that `DatabaseSessionCache` needs for each operation, written by hand on the same schema, for an app that never clears it:
 * prepared once, their parameters by position, and nothing around them. This is the limit that the
 * bounds of this bench are about.
 */
export class RawSqlite {
  readonly #connection: Database;
  readonly #begin: Statement<[]>;
  readonly #commit: Statement<[]>;
  readonly #find: Statement<[bigint, Buffer], { user_id: string; payload: string } & Life>;
  readonly #findLife: Statement<[bigint, Buffer], { user_id: string; created_at: number } & Life>;
  readonly #upsert: Statement<[bigint, Buffer, string, string, number, number, number]>;
  readonly #deleteOneExpired: Statement<[number]>;
  readonly #updateLife: Statement<[number, number, bigint, Buffer]>;
  readonly #delete: Statement<[bigint, Buffer], Life>;
  readonly #deleteOfUser: Statement<[string], { token_hash: Buffer } & Life>;
  readonly #logChange: Statement<[number, Buffer | null, string | null]>;

  constructor({ file, durability }: RawOptions) {
    const connection = tune(new SqliteConnection(file), durability);
    createSchema(connection);
    this.#connection = connection;
    this.#begin = connection.prepare('begin immediate');
    this.#commit = connection.prepare('commit');
    this.#find = connection.prepare(
      'select user_id, payload, expires_at from onehost_sessions where token_key = ? and token_hash = ? and generation = 1',
    );
    this.#findLife = connection.prepare(
      'select user_id, created_at, expires_at from onehost_sessions where token_key = ? and token_hash = ? and generation = 1',
    );
    this.#upsert = connection.prepare(
      `insert into onehost_sessions
         (token_key, generation, token_hash, user_id, payload, created_at, touched_at, expires_at)
         values (?, 1, ?, ?, ?, ?, ?, ?)
       on conflict (token_key) do update set generation = excluded.generation,
         token_hash = excluded.token_hash, user_id = excluded.user_id, payload = excluded.payload, created_at = excluded.created_at,
         touched_at = excluded.touched_at, expires_at = excluded.expires_at`,
    );
    // One at a time: for `token_hash in (select ... limit 2)` SQLite builds a table of its own, which costs
    // 30 us even when nothing has expired; this costs 1 us.
    this.#deleteOneExpired = connection.prepare(
      `delete from onehost_sessions where token_key =
         (select token_key from onehost_sessions
            where generation = 1 and expires_at <= ? order by expires_at limit 1)`,
    );
    this.#updateLife = connection.prepare(
      'update onehost_sessions set touched_at = ?, expires_at = ? where token_key = ? and token_hash = ? and generation = 1',
    );
    this.#delete = connection.prepare(
      'delete from onehost_sessions where token_key = ? and token_hash = ? and generation = 1 returning expires_at',
    );
    this.#deleteOfUser = connection.prepare(
      'delete from onehost_sessions where user_id = ? returning token_hash, expires_at',
    );
    this.#logChange = connection.prepare(
      'insert into onehost_session_changes (mark, token_hash, user_id) values (?, ?, ?)',
    );
  }

  find(tokenHash: Buffer) {
    return this.#find.get(keyOf(tokenHash), tokenHash);
  }

  put(tokenHash: Buffer, userId: string, payload: string): boolean {
    const now = Date.now();
    this.#begin.run();
    const key = keyOf(tokenHash);
    const createdAt = this.#findLife.get(key, tokenHash)?.created_at ?? now;
    this.#upsert.run(key, tokenHash, userId, payload, createdAt, now, now + TTL_SECONDS * 1000);
    if (this.#deleteOneExpired.run(now).changes > 0) this.#deleteOneExpired.run(now);
    this.#commit.run();
    return true;
  }

  extend(tokenHash: Buffer): boolean {
    const now = Date.now();
    this.#begin.run();
    const key = keyOf(tokenHash);
    const isLive = (this.#findLife.get(key, tokenHash)?.expires_at ?? 0) > now;
    if (isLive) this.#updateLife.run(now, now + TTL_SECONDS * 1000, key, tokenHash);
    this.#commit.run();
    return isLive;
  }

  delete(tokenHash: Buffer): boolean {
    this.#begin.run();
    const deleted = this.#delete.get(keyOf(tokenHash), tokenHash);
    this.#logChange.run(randomMark(), tokenHash, null);
    this.#commit.run();
    return deleted !== undefined && deleted.expires_at > Date.now();
  }

  deleteOfUser(userId: string): number {
    const now = Date.now();
    this.#begin.run();
    const deleted = this.#deleteOfUser.all(userId);
    this.#logChange.run(randomMark(), null, userId);
    for (const { token_hash } of deleted) this.#logChange.run(randomMark(), token_hash, null);
    this.#commit.run();
    return deleted.filter(({ expires_at }) => expires_at > now).length;
  }

  close(): void {
    this.#connection.close();
  }
}

/** As onehost keys its rows. */
function keyOf(tokenHash: Buffer): bigint {
  return tokenHash.readBigInt64BE();
}

function randomMark(): number {
  return Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
}
