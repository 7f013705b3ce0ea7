import { createHash } from 'node:crypto';
import SqliteConnection from 'better-sqlite3';
import { type AppSession, TTL_SECONDS } from '../requests.ts';
import { tune } from '../stores/tune.ts';

/** What an app writes by hand on better-sqlite3, with its `busy_timeout`, into the file that onehost has made. */
export class PlainSqlite {
  readonly #connection;
  readonly #set;

  constructor(file: string) {
    this.#connection = tune(new SqliteConnection(file), 'process-crash');
    const upsert = this.#connection.prepare(
      `insert into onehost_sessions
         (token_key, generation, token_hash, user_id, payload, created_at, touched_at, expires_at) values (?, 1, ?, ?, ?, ?, ?, ?)
       on conflict (token_key) do update set
         user_id = excluded.user_id, payload = excluded.payload, touched_at = excluded.touched_at,
         expires_at = excluded.expires_at`,
    );
    this.#set = this.#connection.transaction((token: string, session: AppSession) => {
      const now = Date.now();
      const tokenHash = createHash('sha256').update(token).digest();
      const payload = JSON.stringify(session);
      const key = tokenHash.readBigInt64BE();
      upsert.run(
        key,
        tokenHash,
        String(session.userId),
        payload,
        now,
        now,
        now + TTL_SECONDS * 1000,
      );
    });
  }

  set(token: string, session: AppSession): void {
    this.#set.immediate(token, session);
  }

  close(): void {
    this.#connection.close();
  }
}
