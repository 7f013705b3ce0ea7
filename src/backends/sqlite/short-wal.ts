import type { Database } from 'better-sqlite3';

/**
 * How many pages the WAL holds at most while rows are removed by the thousand; SQLite's own 1000 are 4 MiB. Each removed row
 * changes two pages that no other one does, so that the WAL is full in no time, and then the one who commits next folds all of it
 * into the file. A quarter of it, by the one who removes, holds nobody else up and is over in a quarter of the time.
 */
const PAGES = 250;

/**
 * Has what `work` commits, in any number of transactions, folded into the file while it is little. Does nothing where
 * commits do not fold the WAL at all: somebody else does.
 */
export function withShortWal<T>(connection: Database, work: () => T): T {
  const usual = connection.pragma('wal_autocheckpoint', { simple: true }) as number;
  if (usual <= PAGES) return work();
  connection.pragma(`wal_autocheckpoint = ${PAGES}`);
  try {
    return work();
  } finally {
    connection.pragma(`wal_autocheckpoint = ${usual}`);
  }
}
