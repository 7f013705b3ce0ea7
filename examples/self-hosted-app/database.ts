import path from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';

/**
 * onehost's file: sessions as they are remembered, leases, and what became of each tick of a job; unless they are kept elsewhere. It may be
 * deleted while the app is stopped, at the price of loading each session once more.
 */
export function onehostFile(folder: string): string {
  return path.join(folder, 'onehost.db');
}

/** Opens the app's own file. Its `logins` are the store of record. */
export function openAppDatabase(folder: string): Database {
  const database = new SqliteDatabase(path.join(folder, 'app.db'), { timeout: 5000 });
  database.pragma('journal_mode = wal');
  // By default better-sqlite3 syncs no commit in WAL mode: a power cut could bring back a login that was removed,
  // while its invalidation, which is synced, stays done; the next request would load the session again.
  database.pragma('synchronous = full');
  database.pragma('foreign_keys = on');
  return database;
}

export function createTables(database: Database): void {
  database.exec(`
    create table if not exists users (
      id            integer primary key,
      name          text not null unique,
      password_hash text not null
    ) strict;

    create table if not exists logins (
      token_hash blob primary key,           -- SHA-256; the token itself is nowhere in this file
      id         text not null unique,       -- what the device list may show
      user_id    integer not null references users on delete cascade,
      device     text not null,
      created_at integer not null,           -- milliseconds since 1970
      expires_at integer not null
    ) strict, without rowid;
    create index if not exists logins_by_user on logins (user_id);
    create index if not exists logins_by_expiry on logins (expires_at);

    create table if not exists login_statistics (
      counted_for integer not null,          -- the tick; milliseconds since 1970
      logins      integer not null,
      worker      integer not null
    ) strict;
    create index if not exists login_statistics_by_tick on login_statistics (counted_for);

    -- One row: the highest fencing token of the jobs' lease that has come by.
    create table if not exists login_statistics_fence (token integer not null) strict;
    insert into login_statistics_fence select 0 where not exists (select 1 from login_statistics_fence);
  `);
}
