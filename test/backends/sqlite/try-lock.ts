// Prints whether the write lock of a database is `free` or `busy`: `try-lock.ts <database>`.
import SqliteConnection from 'better-sqlite3';

const connection = new SqliteConnection(process.argv[2], { timeout: 0 });
try {
  connection.exec('begin immediate; rollback');
  console.log('free');
} catch (error) {
  console.log((error as { code?: string }).code === 'SQLITE_BUSY' ? 'busy' : String(error));
}
