import { readSync } from 'node:fs';
import type { ProcessDescriptors } from './process-descriptors.ts';
import {
  assertHasHeader,
  HEADER_BYTES,
  NO_HEADER,
  type WalIndexSource,
} from './wal-index-header.ts';

/**
 * The header of the WAL index, read from the file: 0.75 us, half of what the pragma takes, and without native code.
 *
 * By the descriptor that SQLite itself has of the file, since one of our own could never be closed (see `WalIndexMapping`). That is
 * open for as long as the connection is. Where two copies of SQLite are in the process it may be the other one's, and its number may
 * belong to another file one day: what is read there is another header, or none, and the pragma is asked.
 *
 * For filesystems alone on which what is written to memory that is mapped is read from the file at once. POSIX does not promise that.
 */
export class WalIndexFile implements WalIndexSource {
  readonly kind = 'data-version';
  readonly #words = new Int32Array(HEADER_BYTES / 4);
  #descriptor: number | null;

  /**
   * @param file the database, which a connection of this process has read in WAL mode, and has open.
   * @throws Error that says why it cannot be done.
   */
  constructor(file: string, descriptors: ProcessDescriptors) {
    const [descriptor] = descriptors(`${file}-shm`);
    if (descriptor === undefined) throw new Error(`SQLite has not opened ${file}-shm.`);
    this.#descriptor = descriptor;
    assertHasHeader(this, `${file}-shm`);
  }

  get words(): Int32Array {
    if (this.#descriptor === null) return NO_HEADER;
    try {
      const read = readSync(this.#descriptor, this.#words, 0, HEADER_BYTES, 0);
      return read === HEADER_BYTES ? this.#words : NO_HEADER;
    } catch {
      return NO_HEADER;
    }
  }

  close(): void {
    this.#descriptor = null;
  }
}
