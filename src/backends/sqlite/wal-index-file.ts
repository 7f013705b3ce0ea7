import { fstatSync, readSync } from 'node:fs';
import { identityIn, identityOf } from '../../files/file-identity.ts';
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
 * belong to another file one day, perhaps to the WAL index of another database. What is read there is other words, or none; before they would be remembered
 * the file is asked for again, and given up.
 *
 * For filesystems alone on which what is written to memory that is mapped is read from the file at once. POSIX does not promise that.
 */
export class WalIndexFile implements WalIndexSource {
  readonly kind = 'data-version';
  readonly #words = new Int32Array(HEADER_BYTES / 4);
  readonly #file: string | null;
  #descriptor: number | null;

  /**
   * @param file the database, which a connection of this process has read in WAL mode, and has open.
   * @throws Error that says why it cannot be done.
   */
  constructor(file: string, descriptors: ProcessDescriptors) {
    const [descriptor, another] = descriptors(`${file}-shm`);
    if (descriptor === undefined) throw new Error(`SQLite has not opened ${file}-shm.`);
    if (another !== undefined) throw new Error(`Two copies of SQLite have opened ${file}-shm.`);
    this.#file = identityOf(`${file}-shm`);
    this.#descriptor = descriptor;
    this.check();
    if (this.#descriptor === null) throw new Error(`${file}-shm was replaced.`);
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

  check(): void {
    if (this.#descriptor === null) return;
    try {
      if (identityIn(fstatSync(this.#descriptor)) === this.#file) return;
    } catch {
      // It was closed.
    }
    this.#descriptor = null;
  }

  close(): void {
    this.#descriptor = null;
  }
}
