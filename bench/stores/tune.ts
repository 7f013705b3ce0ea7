import type { Database } from 'better-sqlite3';
import type { Durability } from './store.ts';

/** What `openDatabase` sets, but for its own checkpoints; whatever else writes SQLite files here gets the same. */
export function tuning(durability: Durability): readonly string[] {
  return [
    'journal_mode = wal',
    `synchronous = ${durability === 'power-loss' ? 'full' : 'normal'}`,
    'fullfsync = on',
    'journal_size_limit = 67108864',
    'busy_timeout = 5000',
    // SQLite's own value. onehost makes checkpoints as often, when the event loop is free: each batch has a turn of it.
    'wal_autocheckpoint = 1000',
  ];
}

export function tune(connection: Database, durability: Durability): Database {
  for (const pragma of tuning(durability)) connection.pragma(pragma);
  return connection;
}
