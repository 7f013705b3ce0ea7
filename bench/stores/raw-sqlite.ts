import { readFileSync } from 'node:fs';
import path from 'node:path';
import SqliteConnection, { type Database, type Statement } from 'better-sqlite3';
import { TTL_SECONDS } from '../requests.ts';
import type { OpenOptions } from './store.ts';
import { tune } from './tune.ts';

/** One table of sessions by token, and no way to clear a million of them at once: what an app would write by hand. */
const SCHEMA = new URL('../../migrations/sqlite/0001_sessions.sql', import.meta.url);

/** What a row says besides its payload. */
interface Life {
  readonly expires_at: number;
}

/**
 * The statements that `DatabaseSessionCache` needs for each operation, written by hand on the first schema:
 * prepared once, their parameters by position, and nothing around them. This is the limit that the
 * bounds of this bench are about.
 */
export class RawSqlite {
  readonly #connection: Database;
  readonly #begin: Statement<[]>;
  readonly #commit: Statement<[]>;
  readonly #find: Statement<[Buffer], { user_id: string; payload: string } & Life>;
  readonly #findLife: Statement<[Buffer], { user_id: string; created_at: number } & Life>;
  readonly #upsert: Statement<[Buffer, string, string, number, number, number]>;
  readonly #deleteOneExpired: Statement<[number]>;
  readonly #updateLife: Statement<[number, number, Buffer]>;
  readonly #delete: Statement<[Buffer], Life>;
  readonly #logChange: Statement<[number, Buffer]>;

  constructor({ folder, durability }: OpenOptions) {
    const connection = tune(new SqliteConnection(path.join(folder, 'raw.db')), durability);
    createSchema(connection);
    this.#connection = connection;
    this.#begin = connection.prepare('begin immediate');
    this.#commit = connection.prepare('commit');
    this.#find = connection.prepare(
      'select user_id, payload, expires_at from onehost_session_entries where token_hash = ?',
    );
    this.#findLife = connection.prepare(
      'select user_id, created_at, expires_at from onehost_session_entries where token_hash = ?',
    );
    this.#upsert = connection.prepare(
      `insert into onehost_session_entries
         (token_hash, user_id, payload, created_at, touched_at, expires_at) values (?, ?, ?, ?, ?, ?)
       on conflict (token_hash) do update set
         user_id = excluded.user_id, payload = excluded.payload, created_at = excluded.created_at,
         touched_at = excluded.touched_at, expires_at = excluded.expires_at`,
    );
    // One at a time: for `token_hash in (select ... limit 2)` SQLite builds a table of its own, which costs
    // 30 us even when nothing has expired; this costs 1 us.
    this.#deleteOneExpired = connection.prepare(
      `delete from onehost_session_entries where token_hash =
         (select token_hash from onehost_session_entries
            where expires_at <= ? order by expires_at limit 1)`,
    );
    this.#updateLife = connection.prepare(
      'update onehost_session_entries set touched_at = ?, expires_at = ? where token_hash = ?',
    );
    this.#delete = connection.prepare(
      'delete from onehost_session_entries where token_hash = ? returning expires_at',
    );
    this.#logChange = connection.prepare(
      'insert into onehost_session_changes (mark, token_hash, user_id) values (?, ?, null)',
    );
  }

  find(tokenHash: Buffer) {
    return this.#find.get(tokenHash);
  }

  put(tokenHash: Buffer, userId: string, payload: string): boolean {
    const now = Date.now();
    this.#begin.run();
    const createdAt = this.#findLife.get(tokenHash)?.created_at ?? now;
    this.#upsert.run(tokenHash, userId, payload, createdAt, now, now + TTL_SECONDS * 1000);
    if (this.#deleteOneExpired.run(now).changes > 0) this.#deleteOneExpired.run(now);
    this.#commit.run();
    return true;
  }

  extend(tokenHash: Buffer): boolean {
    const now = Date.now();
    this.#begin.run();
    const isLive = (this.#findLife.get(tokenHash)?.expires_at ?? 0) > now;
    if (isLive) this.#updateLife.run(now, now + TTL_SECONDS * 1000, tokenHash);
    this.#commit.run();
    return isLive;
  }

  delete(tokenHash: Buffer): boolean {
    this.#begin.run();
    const deleted = this.#delete.get(tokenHash);
    this.#logChange.run(Math.floor(Math.random() * Number.MAX_SAFE_INTEGER), tokenHash);
    this.#commit.run();
    return deleted !== undefined && deleted.expires_at > Date.now();
  }

  close(): void {
    this.#connection.close();
  }
}

function createSchema(connection: Database): void {
  connection.exec(readFileSync(SCHEMA, 'utf8'));
}
