import { isMainThread } from 'node:worker_threads';
import { atEndOfThread } from '../../waiting/at-end-of-thread.ts';
import type { NativeMemory, NativeView } from './native-memory.ts';
import { type ProcessMappings, type SharedMapping, sharedMappingsOf } from './process-mappings.ts';
import {
  assertHasHeader,
  HEADER_BYTES,
  NO_HEADER,
  type WalIndexSource,
} from './wal-index-header.ts';

/**
 * The header of the WAL index in memory, to be read for as long as it is open.
 *
 * It is found, not opened: SQLite has mapped the `-shm` file already, and the kernel maps the same memory once more. So there is no
 * descriptor of the file, and none can be closed: SQLite's locks are POSIX locks, which belong to the process, and closing any
 * descriptor of the file would drop those of all its connections (https://sqlite.org/howtocorrupt.html, 2.2). Nor can it be another
 * file of that name than the one the connection uses. A mapping of its own, since SQLite's goes with the last connection of the
 * process, and reading on would end the process.
 */
export class WalIndexMapping implements WalIndexSource {
  readonly kind = 'wal-index';
  #words: Int32Array;
  readonly #unmap: () => void;
  /** A worker thread leaves in the process what it has mapped, and a process has room for 65,530 mappings. */
  readonly #forgetEnd: () => void;

  /**
   * @param file the database, which a connection of this process has read in WAL mode, and has open.
   * @throws Error that says why it cannot be done.
   */
  constructor(file: string, memory: NativeMemory, mappings: ProcessMappings) {
    const view = mapAgain(`${file}-shm`, memory, mappings);
    this.#words = new Int32Array(view.buffer, 0, HEADER_BYTES / 4);
    this.#unmap = view.unmap;
    this.#forgetEnd = isMainThread ? () => {} : atEndOfThread(() => this.close());
    dropped.register(this, view.unmap, this);
    try {
      assertHasHeader(this, `${file}-shm`);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get words(): Int32Array {
    return this.#words;
  }

  /** What is mapped stays that of the file, whatever becomes of its name. */
  check(): void {}

  close(): void {
    if (this.#words === NO_HEADER) return;
    // First: who reads what is mapped no more ends the process.
    this.#words = NO_HEADER;
    dropped.unregister(this);
    this.#forgetEnd();
    this.#unmap();
  }
}

/** Unmaps what belonged to a database that nobody refers to and nobody has closed. */
const dropped = new FinalizationRegistry<() => void>((unmap) => unmap());

function mapAgain(file: string, memory: NativeMemory, mappings: ProcessMappings): NativeView {
  const original = theOneOfSqlite(file, sharedMappingsOf(file, mappings()));
  const view = memory.mapAgain(original.address, HEADER_BYTES);
  // Another thread may have closed the connection that the original belonged to, and mapped something else there.
  const found = sharedMappingsOf(file, mappings()).find(({ address }) => address === view.address);
  if (found?.inode === original.inode && !found.isDeleted) return view;
  view.unmap();
  throw new Error(`what was mapped is no more ${file}.`);
}

/** Any that SQLite has: two copies of SQLite in one process have one each, of the same memory. */
function theOneOfSqlite(file: string, found: readonly SharedMapping[]): SharedMapping {
  const ofSqlite = found.filter(({ isWritable }) => isWritable);
  const [first] = ofSqlite;
  if (first === undefined) throw new Error(`SQLite has not mapped ${file}.`);
  // Somebody has deleted the file under a connection; SQLite itself works on another one than the rest of the host.
  if (ofSqlite.some(({ isDeleted, inode }) => isDeleted || inode !== first.inode)) {
    throw new Error(`${file} was deleted while it was in use.`);
  }
  return first;
}
