import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BYTES_PER_SESSION, buildSessionFile } from './session-file.ts';

/** How many times the size of a file must be free before it is made: its indexes are sorted on disk. */
const ROOM = 3;

/** Files of many sessions, each made once and kept until the run is over. */
export class SessionFiles implements Disposable {
  #folder: string | undefined;
  readonly #remove = () => {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  };

  /**
   * Why a file of so many sessions cannot be made here; `null` when it can.
   *
   * @param copies how many more files of that size are wanted beside it.
   */
  obstacle(sessions: number, copies = 0): string | null {
    const { bavail, bsize } = statfsSync(tmpdir());
    const free = bavail * bsize;
    const needed = (ROOM + copies) * sessions * BYTES_PER_SESSION;
    if (free >= needed) return null;
    return (
      `a file of ${sessions.toLocaleString('en')} sessions wants ${gigabytes(needed)} free in ${tmpdir()}, ` +
      `where ${gigabytes(free)} are. Make room, or set TMPDIR.`
    );
  }

  /** The path of a database with so many sessions, the first ones of all; not to be written to. */
  async withSessions(sessions: number, progress: (text: string) => void): Promise<string> {
    const file = path.join(this.#ownFolder(), `${sessions}.db`);
    if (!existsSync(file)) await buildSessionFile(file, sessions, progress);
    return file;
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#remove);
    this.#remove();
  }

  #ownFolder(): string {
    if (this.#folder === undefined) {
      this.#folder = mkdtempSync(path.join(tmpdir(), 'onehost-bench-files-'));
      // For a run that is interrupted.
      process.once('exit', this.#remove);
    }
    return this.#folder;
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
