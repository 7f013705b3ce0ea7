import {
  DatabaseBusyError,
  DatabaseCorruptError,
  DatabaseFailedError,
  DatabaseFullError,
  FileNotWritableError,
  FolderNotWritableError,
  isOnehostError,
  NotADatabaseError,
} from '../../contract/errors/index.ts';
import { missingNativePart } from '../../peers/native-part.ts';

/**
 * SQLite's result code as an error of ours that says what to do; SQLite's own error is the `cause`.
 * Anything that is not SQLite's is given back as it is.
 *
 * https://sqlite.org/rescode.html
 */
export function translateError(error: unknown, file: string, lockWaitSeconds: number): unknown {
  if (isOnehostError(error)) return error;
  if (!isSqliteError(error)) return missingNativePart(error) ?? translateSystemError(error, file);
  const options = { cause: error };
  switch (kindOf(error.code)) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
    // After some ten seconds, when a process was stopped in the moment in which it publishes a commit.
    case 'SQLITE_PROTOCOL':
      return new DatabaseBusyError(
        `Another connection held the write lock of ${file} for more than ${lockWaitSeconds} s. ` +
          'Nothing was written. Look for a process that stopped inside a transaction, or for a long write of the app itself; lockWaitSeconds is how long a write waits.',
        options,
      );
    case 'SQLITE_FULL':
    case 'SQLITE_IOERR_SHMSIZE':
      return new DatabaseFullError(
        `There is no room left to write ${file}. Nothing was written. Free some space; no restart is needed.`,
        options,
      );
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
      return new FileNotWritableError(
        `${file} cannot be written (${error.code}: ${error.message}). Nothing was written. ` +
          'Check the owner and mode of the file, of its -wal and -shm, and of the folder, and whether the filesystem was remounted read-only.',
        options,
      );
    case 'SQLITE_NOTADB':
      return new NotADatabaseError(
        `${file} is not an SQLite database. It was left as it is. Check the path, or move the file away.`,
        options,
      );
    case 'SQLITE_CORRUPT':
      return new DatabaseCorruptError(
        `${file} is damaged (${error.message}). Stop every process that uses it, keep a copy, and restore a backup, ` +
          'or delete the file with its -wal and -shm: everyone has to log in again then.',
        options,
      );
    case 'SQLITE_IOERR':
      return new DatabaseFailedError(
        `The system failed to read or write ${file} or its -wal (${error.code}: ${error.message}). ${outcomeOf(error.code)} ` +
          'Look for a disk quota or a limit on the size of files, a filesystem that was remounted read-only, or a failing disk: ' +
          'the log of the kernel says which. Once it is mended no restart is needed.',
        options,
      );
    case 'SQLITE_CANTOPEN':
      return new DatabaseFailedError(
        `${file}, or a file beside it, cannot be opened (${error.code}: ${error.message}). Nothing was written. ` +
          'Look for too many open files in this process (ulimit -n), and at the owner and mode of the folder.',
        options,
      );
    default:
      return new DatabaseFailedError(
        `SQLite failed on ${file} with ${error.code}: ${error.message}. Nothing was written. ` +
          'https://sqlite.org/rescode.html explains the code.',
        options,
      );
  }
}

/** The primary result code, unless the extended one says something else. */
function kindOf(code: string): string {
  return code === 'SQLITE_IOERR_SHMSIZE' ? code : code.split('_').slice(0, 2).join('_');
}

/** After a sync that failed, what it was for may be found in the `-wal` by whoever recovers it. */
function outcomeOf(code: string): string {
  return code.endsWith('FSYNC')
    ? 'Nothing was committed, but a crash now could leave it done: do it again.'
    : 'Nothing was written.';
}

/** What the file system says, of a place that cannot even be looked at. */
function translateSystemError(error: unknown, file: string): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error;
  const options = { cause: error };
  if (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS') {
    return new FolderNotWritableError(
      `The place of ${file} is out of reach for this process (${error.message}). ` +
        'Check the owner and mode of each folder on the way to it.',
      options,
    );
  }
  return new DatabaseFailedError(`${file} cannot be opened: ${error.message}.`, options);
}

/** Whether to try again in a moment. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(error.code);
}

function isSqliteError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('SQLITE_')
  );
}
