import { existsSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';

/** Whether the write lock of the file can be had: nobody stands still while holding it. One that is not there has none. */
export function canWrite(file: string): boolean {
  if (!existsSync(file)) return true;
  const database = new SqliteDatabase(file, { timeout: 200, fileMustExist: true });
  try {
    database.exec('begin immediate; rollback');
    return true;
  } catch {
    return false;
  } finally {
    database.close();
  }
}
