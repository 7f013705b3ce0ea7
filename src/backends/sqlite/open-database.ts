import path from 'node:path';
import SqliteConnection, { type Database } from 'better-sqlite3';
import { type Clock, systemClock } from '../../contract/clock.ts';
import { InvalidOptionError, WalUnavailableError } from '../../contract/errors/index.ts';
import { assertDuration, describeType } from '../../contract/validate-arguments.ts';
import { assertInteger, assertKnownOptions, assertOneOf } from '../../contract/validate-options.ts';
import { createPrivateFile } from '../../files/create-private-file.ts';
import { identityOf } from '../../files/file-identity.ts';
import type { BootId } from './boot-id.ts';
import type { ChangeWatch, ChangeWatchChoice } from './change-watch.ts';
import { checkLocation } from './check-location.ts';
import { chooseChangeWatch } from './choose-change-watch.ts';
import { DataVersionWatch } from './data-version-watch.ts';
import { OnehostDatabase } from './database.ts';
import { migrate, migrationState } from './migrate.ts';
import { realFile } from './real-file.ts';
import { retryWhileBusy } from './retry-while-busy.ts';
import { checkSoundness, hasLeftoverWal } from './soundness.ts';
import { machine, type Surroundings } from './surroundings.ts';
import { translateError } from './translate-error.ts';

export interface OpenDatabaseOptions {
  /**
   * How long a write waits for the writers before it, in seconds, 5 by default; finite and more than 0.
   * Then it throws `DatabaseBusyError`. The process's event loop stands still while it waits. Opening
   * waits for at least 30 s, without holding the event loop: another process may be migrating.
   */
  readonly lockWaitSeconds?: number | undefined;
  /**
   * How many rows the change log keeps, 128 to 10,000,000, 16,384 by default. Processes that open the
   * file share one log, and the smallest number wins. A process that has slept through
   * more changes drops its near cache, and a load that took longer is done again.
   */
  readonly changeLogEntries?: number | undefined;
  /**
   * How reads from memory learn that another process has changed the file; all ways are equally strict.
   * `wal-index`: by the memory that SQLite's processes share, in nanoseconds; on Linux (x64, arm64), with the optional
   * dependency `koffi`. `data-version`: by the pragma, everywhere, in 2 us; on the usual filesystems of Linux by a system call of 0.8 us
   * that spares the pragma while nobody commits. `auto`, the default: the first where it can be had. `database.changeWatch` tells which it is.
   */
  readonly changeWatch?: ChangeWatchChoice | undefined;
  /** Opens the file even on a filesystem known to break SQLite's locks. `false` by default. */
  readonly allowUnsafeFilesystem?: boolean | undefined;
  /** Where the time comes from; the machine's clocks by default. */
  readonly clock?: Clock | undefined;
}

/**
 * Opens the SQLite file that the processes of this host share, makes it if it is missing (mode 0600), and
 * brings its schema up to date. Any number of processes may do so at once. The folder must exist.
 *
 * Whatever speaks against using the file is an error of its own, and is found before its schema is changed.
 * The app may keep tables of its own in it; those of onehost begin with `onehost_`.
 *
 * @throws FolderMissingError, FolderNotWritableError, FileNotWritableError, UnsafeFilesystemError,
 *   NotADatabaseError, SchemaTooNewError, MigrationFailedError, WalUnavailableError,
 *   DatabaseCorruptError, DatabaseBusyError, ChangeWatchUnavailableError, InvalidOptionError,
 *   InvalidDurationError
 */
export async function openDatabase(
  file: string,
  options: OpenDatabaseOptions = {},
): Promise<OnehostDatabase> {
  return openDatabaseIn(machine, file, options);
}

/** @internal */
export async function openDatabaseIn(
  surroundings: Surroundings,
  file: string,
  options: OpenDatabaseOptions = {},
): Promise<OnehostDatabase> {
  const asked = readOptions(file, options);
  let settings = asked;
  let connection: Database | undefined;
  let watch: ChangeWatch | undefined;
  try {
    settings = { ...asked, file: realFile(asked.file) };
    checkLocation(settings.file, { ...settings, filesystemType: surroundings.filesystemType });
    createPrivateFile(settings.file);
    // Before it is opened: one that takes its place while it is being prepared is not the one that was.
    const identity = identityOf(settings.file);
    const leftoverWal = hasLeftoverWal(settings.file);
    // Nothing ever waits inside SQLite: lock-wait.ts says what waits in its place, and why.
    const opened = new SqliteConnection(settings.file, { timeout: 0 });
    connection = opened;
    await prepareFile(opened, settings, { leftoverWal, bootId: surroundings.bootId });
    const dataVersion = await retryWhileBusy(() => new DataVersionWatch(opened), settings);
    const chosen = await chooseChangeWatch(opened, dataVersion, settings, surroundings);
    watch = chosen;
    return await retryWhileBusy(
      () => new OnehostDatabase(opened, { ...settings, identity }, chosen, surroundings),
      settings,
    );
  } catch (error) {
    watch?.close();
    connection?.close();
    throw translateError(error, settings.file, settings.lockWaitSeconds);
  }
}

interface Settings {
  readonly file: string;
  readonly clock: Clock;
  readonly lockWaitSeconds: number;
  readonly keptChanges: number;
  readonly changeWatch: ChangeWatchChoice;
  readonly allowUnsafeFilesystem: boolean;
}

function readOptions(file: string, options: OpenDatabaseOptions): Settings {
  assertKnownOptions('openDatabase', options, [
    'lockWaitSeconds',
    'changeLogEntries',
    'changeWatch',
    'allowUnsafeFilesystem',
    'clock',
  ]);
  const {
    lockWaitSeconds = 5,
    changeLogEntries = 16_384,
    changeWatch = 'auto',
    allowUnsafeFilesystem = false,
    clock = systemClock,
  } = options;
  if (!isPathOfFile(file)) {
    throw new InvalidOptionError(
      `openDatabase needs the path of a file, but found ${typeof file === 'string' ? `"${file}"` : describeType(file)}. ` +
        'It must not begin with ":" or "file:", nor begin or end with white space. A database in memory cannot be shared: use InMemorySessionCache for tests.',
    );
  }
  assertDuration('lockWaitSeconds', lockWaitSeconds);
  assertInteger('changeLogEntries', changeLogEntries, { least: 128, most: 10_000_000 });
  assertOneOf('changeWatch', changeWatch, ['auto', 'wal-index', 'data-version']);
  return {
    file: path.resolve(file),
    clock,
    lockWaitSeconds,
    keptChanges: changeLogEntries,
    changeWatch,
    allowUnsafeFilesystem,
  };
}

/** better-sqlite3 trims the name, and takes some for a database in memory or a URI. */
function isPathOfFile(file: unknown): file is string {
  return typeof file === 'string' && /^(?!:|file:)\S(.*\S)?$/s.test(file) && !file.includes('\0');
}

/**
 * Reads before it writes: a file that is no database or has a newer schema is refused untouched.
 *
 * While the file is being prepared, nothing waits inside SQLite: two calls in one process would wait
 * for each other, the one holding the event loop and the other the lock.
 */
async function prepareFile(
  connection: Database,
  settings: Settings,
  found: { leftoverWal: boolean; bootId: BootId },
): Promise<void> {
  const patiently = <T>(work: () => T) => retryWhileBusy(work, settings);
  const { isNew, pending } = await patiently(() => migrationState(connection, settings.file));
  await patiently(() => enableWal(connection, settings.file));
  // In WAL mode NORMAL keeps the file sound through a power cut, and costs no fsync per commit. What must
  // outlive a power cut is committed with FULL.
  connection.pragma('synchronous = normal');
  // On macOS an fsync without this ends in the drive's cache. Elsewhere it only makes syncs dearer.
  if (process.platform === 'darwin') connection.pragma('fullfsync = on');
  // A WAL that grew during a long read is cut back to this at the next restart of it.
  connection.pragma('journal_size_limit = 67108864');
  const lookForDamage = () => patiently(() => checkSoundness(connection, settings.file, found));
  // Not after: a migration would rewrite what is damaged, or fail on it and say something else.
  if (!isNew) await lookForDamage();
  if (pending.length > 0) await migrateAlone(connection, settings);
  if (isNew) await lookForDamage();
}

async function migrateAlone(connection: Database, settings: Settings): Promise<void> {
  await retryWhileBusy(() => connection.exec('begin exclusive'), settings);
  try {
    // Somebody else may have migrated while this process waited.
    const state = migrationState(connection, settings.file);
    if (state.pending.length > 0) await migrate(connection, settings.file);
    connection.exec('commit');
  } catch (error) {
    if (connection.inTransaction) connection.exec('rollback');
    throw error;
  }
}

function enableWal(connection: Database, file: string): void {
  const mode = connection.pragma('journal_mode = wal', { simple: true });
  if (mode !== 'wal') {
    throw new WalUnavailableError(
      `${file} cannot be put into WAL mode: SQLite keeps it in "${mode}". ` +
        'The filesystem has no shared memory, or another program holds the file open in another mode.',
    );
  }
}
