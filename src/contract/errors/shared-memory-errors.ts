import type { OnehostError } from './onehost-error.ts';

/** The folder that sessions were to be shared in is on a disk, or the system has none in memory. Nothing was written. */
export class NotInMemoryError extends Error implements OnehostError {
  override readonly name = 'NotInMemoryError';
  readonly code = 'ONEHOST_NOT_IN_MEMORY';
}

/** Somebody else owns the folder, or may enter it. Nothing was written. */
export class FolderNotPrivateError extends Error implements OnehostError {
  override readonly name = 'FolderNotPrivateError';
  readonly code = 'ONEHOST_FOLDER_NOT_PRIVATE';
}

/** Processes of another PID namespace (another container) use the shared memory. Nothing was written. */
export class ForeignNamespaceError extends Error implements OnehostError {
  override readonly name = 'ForeignNamespaceError';
  readonly code = 'ONEHOST_FOREIGN_NAMESPACE';
}

/** There is no room for the session. Nothing was written. */
export class SharedMemoryFullError extends Error implements OnehostError {
  override readonly name = 'SharedMemoryFullError';
  readonly code = 'ONEHOST_SHARED_MEMORY_FULL';
}

/** LMDB reported another failure; its own error is the `cause`. Nothing was written. */
export class SharedMemoryFailedError extends Error implements OnehostError {
  override readonly name = 'SharedMemoryFailedError';
  readonly code = 'ONEHOST_SHARED_MEMORY_FAILED';
}

/** The shared memory was used after its `close`. */
export class SharedMemoryClosedError extends Error implements OnehostError {
  override readonly name = 'SharedMemoryClosedError';
  readonly code = 'ONEHOST_SHARED_MEMORY_CLOSED';
}
