import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { type BatchRequest, TTL_SECONDS } from '../requests.ts';

const MIGRATIONS = new URL('../../migrations/sqlite/', import.meta.url);

/** The schema of onehost, unless it is there. */
export function createSchema(connection: Database): void {
  const isThere = connection
    .prepare("select 1 from sqlite_schema where name = 'onehost_sessions'")
    .get();
  if (isThere) return;
  const names = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'));
  for (const name of names.sort()) connection.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
}

/** Inserts a session as `DatabaseSessionCache` would have left it: set now, and logged nowhere, since it is new. */
export function entryInserter(connection: Database): (request: BatchRequest) => void {
  const insert = connection.prepare<[bigint, Buffer, string, string, number, number, number]>(
    `insert into onehost_sessions
       (token_key, generation, token_hash, user_id, payload, created_at, touched_at, expires_at) values (?, 1, ?, ?, ?, ?, ?, ?)`,
  );
  return ({ token, session }) => {
    const now = Date.now();
    const tokenHash = bytesOfHash(token);
    insert.run(
      tokenHash.readBigInt64BE(),
      tokenHash,
      String(session.userId),
      JSON.stringify(session),
      now,
      now,
      now + TTL_SECONDS * 1000,
    );
  };
}

/** The quickest way there is on Node 20; as onehost does it. */
export function bytesOfHash(token: string): Buffer {
  return Buffer.from(hash('sha256', token), 'hex');
}
