import SqliteConnection, { type Database } from 'better-sqlite3';

/** Looks into, or spoils, a database file through a connection of its own. */
export function withConnection<T>(file: string, work: (connection: Database) => T): T {
  const connection = new SqliteConnection(file);
  try {
    return work(connection);
  } finally {
    connection.close();
  }
}
