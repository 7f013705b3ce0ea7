import type { OnehostError } from './onehost-error.ts';

/** The folder that the database file should stand in does not exist, or is no folder. */
export class FolderMissingError extends Error implements OnehostError {
  override readonly name = 'FolderMissingError';
  readonly code = 'ONEHOST_FOLDER_MISSING';
}

/** This process may not write into the database's folder; SQLite needs to (`-wal` and `-shm`). */
export class FolderNotWritableError extends Error implements OnehostError {
  override readonly name = 'FolderNotWritableError';
  readonly code = 'ONEHOST_FOLDER_NOT_WRITABLE';
}

/** The database file is there, but this process may not read and write it. */
export class FileNotWritableError extends Error implements OnehostError {
  override readonly name = 'FileNotWritableError';
  readonly code = 'ONEHOST_FILE_NOT_WRITABLE';
}

/** The file goes by several names, or by one that leads nowhere, so that processes could each open another. */
export class AmbiguousFileError extends Error implements OnehostError {
  override readonly name = 'AmbiguousFileError';
  readonly code = 'ONEHOST_AMBIGUOUS_FILE';
}

/** The folder is on a filesystem on which SQLite's shared memory and locks do not hold. */
export class UnsafeFilesystemError extends Error implements OnehostError {
  override readonly name = 'UnsafeFilesystemError';
  readonly code = 'ONEHOST_UNSAFE_FILESYSTEM';
}
