import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import {
  FileNotWritableError,
  FolderNotWritableError,
  UnsafeFilesystemError,
} from '../../contract/errors/index.ts';
import { type FilesystemType, unsafeFilesystem } from './filesystem.ts';

/**
 * Everything that can be said of the place before SQLite touches it.
 *
 * @throws FolderNotWritableError, UnsafeFilesystemError or FileNotWritableError
 */
export function checkLocation(
  file: string,
  options: { allowUnsafeFilesystem: boolean; filesystemType: FilesystemType },
): void {
  const folder = path.dirname(file);
  const unsafe = unsafeFilesystem(folder, options.filesystemType);
  if (unsafe !== null && !options.allowUnsafeFilesystem) {
    throw new UnsafeFilesystemError(
      `The folder ${folder} is on ${unsafe}, where the locks and the shared memory of SQLite cannot be relied on ` +
        'and databases get corrupted. Put the file on a disk of this machine (in a container: a named volume, not a share).',
    );
  }
  if (!isAllowed(folder, constants.W_OK | constants.X_OK)) {
    throw new FolderNotWritableError(
      `The folder ${folder} cannot be written by this process (user ${process.getuid?.() ?? 'unknown'}). ` +
        'SQLite creates its -wal and -shm files beside the database: make the folder writable for the user the app runs as.',
    );
  }
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isFile()) {
    throw new FileNotWritableError(`${file} is there, but it is not a file. Check the path.`);
  }
  for (const each of [file, `${file}-wal`, `${file}-shm`]) {
    if (isAllowed(each, constants.R_OK | constants.W_OK)) continue;
    throw new FileNotWritableError(
      `${each === file ? 'The database ' : ''}${each} cannot be read and written by this process (user ${process.getuid?.() ?? 'unknown'}). ` +
        'Make the database, its -wal and its -shm belong to the user the app runs as.',
    );
  }
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch (error) {
    // The -wal and the -shm come with the first connection and go with the last, perhaps at this very moment.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
