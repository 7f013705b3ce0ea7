import { lstatSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { AmbiguousFileError, FolderMissingError } from '../../contract/errors/index.ts';

/**
 * The one path under which every process must open the file. SQLite finds `-wal` and `-shm` by the name of
 * the file; by two names there would be two of each, and two truths
 * (https://sqlite.org/howtocorrupt.html, 2.5). A symbolic link is followed; a hard link cannot be.
 *
 * @throws FolderMissingError, AmbiguousFileError
 */
export function realFile(file: string): string {
  const folder = path.dirname(file);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return path.join(realFolder(folder, file), path.basename(file));
  if (found.isFile() && found.nlink > 1) {
    throw new AmbiguousFileError(
      `${file} has ${found.nlink} names (hard links), and each would get a -wal of its own. ` +
        'Use a copy of the file, or remove the other names.',
    );
  }
  if (!found.isSymbolicLink()) return path.join(realFolder(folder, file), path.basename(file));
  try {
    return realFile(realpathSync(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new AmbiguousFileError(
      `${file} is a symbolic link to a file that is not there. Make the file, or name the place itself.`,
    );
  }
}

function realFolder(folder: string, file: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new FolderMissingError(
      `The folder ${folder} for the database ${path.basename(file)} does not exist, or is not a folder. ` +
        'Create it, for the user the app runs as: a folder made on the spot would hide a mistyped path or a missing mount.',
    );
  }
}
