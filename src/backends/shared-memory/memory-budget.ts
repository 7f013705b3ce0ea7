import { SharedMemoryFullError } from '../../contract/errors/index.ts';
import type { Environment, Table } from './load-lmdb.ts';

/** To ask costs a fifth of a `set`. */
const LOOK_EVERY = 16;

/** Shares of `maxMegabytes`. Sessions make room from the one on, down to the other; what is between them is for copies of pages that are being changed. */
const FULL = 0.8;
const AIM = 0.7;

/**
 * The least and the most that leave in one transaction: more than are set until the next look unless there are few, and not many, since LMDB writes a copy of each page that one of them is on.
 * With up to 2,000 a file of 16 MB grew to 19.5 MB.
 */
const LEAST_LEAVING = 2 * LOOK_EVERY;
const MOST_LEAVING = 64;

/** A session larger than this would drive out many others; with an eighth, sessions of all sizes up to that left holes in which none fitted, and the file grew to 1.5 times its size. */
const LARGEST_SHARE = 1 / 32;

/** Larger ones are looked at each time. */
const LARGE_BYTES = 16 * 1024;

/** So many commits behind, a reader is not reading: it stands still. */
const STANDS_STILL = 64;

interface Statistics {
  readonly pageSize: number;
  readonly entryCount: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
  readonly lastPageNumber: number;
  readonly lastTxnId: number;
}

/**
 * Keeps the file below a size. LMDB's own limit does not hold in this package, which raises it by itself; and the file never shrinks,
 * so that it is the pages in use that count.
 */
export class MemoryBudget {
  readonly #file: string;
  readonly #environment: Environment;
  readonly #tables: readonly Table[];
  readonly #maxMegabytes: number;
  #unseen = LOOK_EVERY;

  constructor(
    file: string,
    environment: Environment,
    /** The first is that of the entries. */
    tables: readonly Table[],
    maxMegabytes: number,
  ) {
    this.#file = file;
    this.#environment = environment;
    this.#tables = tables;
    this.#maxMegabytes = maxMegabytes;
  }

  /**
   * How many entries have to leave before one of so many bytes is put. Inside the transaction that puts it.
   *
   * @throws SharedMemoryFullError
   */
  surplus(bytes: number): number {
    const maxBytes = this.#maxMegabytes * 1024 * 1024;
    if (bytes > maxBytes * LARGEST_SHARE) throw this.#tooLarge(bytes);
    if (++this.#unseen < LOOK_EVERY && bytes < LARGE_BYTES) return 0;
    this.#unseen = 0;
    const { lastPageNumber, pageSize, lastTxnId } = this.#statistics(this.#environment);
    const fileBytes = (lastPageNumber + 1) * pageSize;
    if (fileBytes + bytes < maxBytes * FULL) return 0;
    // A process that was killed while it read keeps pages from being used again, until its slot is cleared.
    this.#environment.readerCheck();
    if (fileBytes >= maxBytes) this.#assertNobodyStandsStill(lastTxnId);
    return this.#leaving(bytes, maxBytes * AIM);
  }

  #leaving(bytes: number, aim: number): number {
    const tables = this.#tables.map((table) => this.#statistics(table));
    const used = tables.reduce((sum, each) => sum + bytesIn(each), 0);
    const entries = tables[0]?.entryCount ?? 0;
    const above = used + bytes - aim;
    if (above <= 0 || entries === 0) return 0;
    const share = Math.ceil((above / used) * entries);
    // The next `set` goes on.
    if (share > MOST_LEAVING) this.#unseen = LOOK_EVERY;
    const least = Math.min(LEAST_LEAVING, Math.ceil(entries / LOOK_EVERY));
    return Math.min(entries, Math.max(least, share), MOST_LEAVING);
  }

  /** While one does, no page that was freed since is used again, and whatever leaves makes no room. */
  #assertNobodyStandsStill(lastTxnId: number): void {
    const reading = [...this.#environment.readerList().matchAll(/^\s*(\d+)\s+\S+\s+(\d+)\s*$/gm)];
    const stopped = reading.find(([, , txnId]) => lastTxnId - Number(txnId) > STANDS_STILL);
    if (stopped === undefined) return;
    throw new SharedMemoryFullError(
      `${this.#file} has grown to its ${this.#maxMegabytes} MB (maxMegabytes): process ${stopped[1]} was stopped in the middle of a read, and nothing that has left since can ` +
        'make room. Nothing was written. Let it go on (kill -CONT), or end it. Sessions can be read and invalidated meanwhile.',
    );
  }

  #statistics(table: Table): Statistics {
    return table.getStats() as Statistics;
  }

  #tooLarge(bytes: number): SharedMemoryFullError {
    const megabytes = (bytes / 1024 / 1024).toFixed(1);
    return new SharedMemoryFullError(
      `A session takes ${megabytes} MB, more than a thirty-second part of ${this.#maxMegabytes} MB (maxMegabytes): it would drive out many others. Nothing was written. ` +
        'Keep less in the session, or pass a larger maxMegabytes.',
    );
  }
}

function bytesIn(statistics: Statistics): number {
  const { treeBranchPageCount, treeLeafPageCount, overflowPages, pageSize } = statistics;
  return (treeBranchPageCount + treeLeafPageCount + overflowPages) * pageSize;
}
