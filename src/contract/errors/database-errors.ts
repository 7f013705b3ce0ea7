import type { OnehostError } from './onehost-error.ts';

/** The file is something other than an SQLite database. It was not changed. */
export class NotADatabaseError extends Error implements OnehostError {
  override readonly name = 'NotADatabaseError';
  readonly code = 'ONEHOST_NOT_A_DATABASE';
}

/** The file was migrated by a newer version of onehost. It was not changed. */
export class SchemaTooNewError extends Error implements OnehostError {
  override readonly name = 'SchemaTooNewError';
  readonly code = 'ONEHOST_SCHEMA_TOO_NEW';
}

/** A migration failed; it was undone as a whole. */
export class MigrationFailedError extends Error implements OnehostError {
  override readonly name = 'MigrationFailedError';
  readonly code = 'ONEHOST_MIGRATION_FAILED';
}

/** The file cannot be put into WAL mode, which reading without waiting depends on. */
export class WalUnavailableError extends Error implements OnehostError {
  override readonly name = 'WalUnavailableError';
  readonly code = 'ONEHOST_WAL_UNAVAILABLE';
}

/** The `changeWatch` that was asked for cannot be had. */
export class ChangeWatchUnavailableError extends Error implements OnehostError {
  override readonly name = 'ChangeWatchUnavailableError';
  readonly code = 'ONEHOST_CHANGE_WATCH_UNAVAILABLE';
}

/** The file is damaged. */
export class DatabaseCorruptError extends Error implements OnehostError {
  override readonly name = 'DatabaseCorruptError';
  readonly code = 'ONEHOST_DATABASE_CORRUPT';
}

/** The file was deleted, or another one put in its place, while this process had it open. */
export class DatabaseReplacedError extends Error implements OnehostError {
  override readonly name = 'DatabaseReplacedError';
  readonly code = 'ONEHOST_DATABASE_REPLACED';
}

/** Other writers held the write lock for longer than `lockWaitSeconds`. Nothing was written. */
export class DatabaseBusyError extends Error implements OnehostError {
  override readonly name = 'DatabaseBusyError';
  readonly code = 'ONEHOST_DATABASE_BUSY';
}

/** The disk, or a quota, is full. Nothing was written. */
export class DatabaseFullError extends Error implements OnehostError {
  override readonly name = 'DatabaseFullError';
  readonly code = 'ONEHOST_DATABASE_FULL';
}

/** SQLite reported another failure; its own error is the `cause`. */
export class DatabaseFailedError extends Error implements OnehostError {
  override readonly name = 'DatabaseFailedError';
  readonly code = 'ONEHOST_DATABASE_FAILED';
}

/** The database was used after its `close`. */
export class DatabaseClosedError extends Error implements OnehostError {
  override readonly name = 'DatabaseClosedError';
  readonly code = 'ONEHOST_DATABASE_CLOSED';
}
