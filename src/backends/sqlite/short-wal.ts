import type { Database } from 'better-sqlite3';
import { CheckpointThread } from './checkpoint-thread.ts';

/** What `pragma wal_checkpoint` tells, in pages. */
interface WalState {
  /** How many it holds; -1 while somebody makes a checkpoint. */
  readonly log: number;
  /** How many of them are in the file, too. */
  readonly checkpointed: number;
}

/**
 * How many pages the WAL gets ahead of the file while rows are removed by the thousand. Each removed row changes two that no other
 * one does, so SQLite's own 1000 would be reached in no time, and whoever commits next would have to wait for the disk. Much fewer
 * would mean more syncs: two for each time, and one for the commit that follows.
 */
const PAGES = 800;

/**
 * Keeps the WAL short for somebody who writes more than usual, and who waits for it between two writes. To be ended, since the
 * thread that it starts when it is needed has the file open.
 */
export class ShortWal {
  readonly #file: string;
  readonly #look;
  #thread: CheckpointThread | undefined;

  constructor(connection: Database, file: string) {
    this.#file = file;
    // Looks and does nothing else, for 1 us.
    this.#look = connection.prepare<[], WalState>('pragma wal_checkpoint(noop)');
  }

  /** Resolves at once while the WAL is short, and otherwise when it was carried over. */
  async keep(): Promise<void> {
    if (!this.#isLong()) return;
    this.#thread ??= new CheckpointThread(this.#file);
    await this.#thread.checkpoint();
  }

  #isLong(): boolean {
    try {
      const state = this.#look.get();
      return state !== undefined && state.log - state.checkpointed >= PAGES;
    } catch {
      // What is wrong with the file is for the next slice to report.
      return false;
    }
  }

  async end(): Promise<void> {
    await this.#thread?.end();
  }
}
