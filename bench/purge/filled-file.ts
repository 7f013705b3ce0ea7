import { randomBytes } from 'node:crypto';
import SqliteConnection from 'better-sqlite3';
import { openDatabase } from 'onehost';

const BATCH = 20_000;
const PER_USER = 5;

/** About what an app keeps: name, roles, a secret for its forms. */
const PAYLOAD = JSON.stringify({
  userId: 123_456,
  name: 'Ada Lovelace',
  roles: ['reader', 'editor'],
  loggedInAt: 1764000000123,
  formSecret: randomBytes(24).toString('hex'),
});

/**
 * Makes a file with this many sessions, all of which have expired or none. Sorted by key and without the indexes until
 * all are there: by `set` it would take minutes.
 */
export async function fillFile(file: string, entries: number, kind: 'expired' | 'live') {
  (await openDatabase(file)).close();
  const connection = new SqliteConnection(file);
  connection.pragma('synchronous = off');
  const indexes = connection
    .prepare<[], { name: string; sql: string }>(
      "select name, sql from sqlite_schema where type = 'index' and tbl_name = 'onehost_sessions' and sql is not null",
    )
    .all();
  for (const { name } of indexes) connection.exec(`drop index ${name}`);
  const insert = connection.prepare(
    `insert into onehost_sessions
       (token_key, generation, token_hash, user_id, payload, created_at, touched_at, expires_at) values (?, 1, ?, ?, ?, ?, ?, ?)`,
  );
  const now = Date.now();
  const hour = 3_600_000;
  const hashes = Array.from({ length: entries }, () => randomBytes(32)).sort(Buffer.compare);
  for (let from = 0; from < entries; from += BATCH) {
    connection.exec('begin');
    for (const hash of hashes.slice(from, from + BATCH)) {
      const userId = Math.floor((Math.random() * entries) / PER_USER);
      const expiresAt =
        now + (kind === 'live' ? 24 * hour : -hour) + Math.floor(Math.random() * hour);
      insert.run(
        hash.readBigInt64BE(),
        hash,
        String(userId),
        PAYLOAD,
        now - 2 * hour,
        now - 2 * hour,
        expiresAt,
      );
    }
    connection.exec('commit');
    connection.pragma('wal_checkpoint(truncate)');
  }
  for (const { sql } of indexes) connection.exec(sql);
  connection.pragma('wal_checkpoint(truncate)');
  connection.close();
}
