import type { PurgedSlice } from '../../session-purging/purge-in-slices.ts';
import type { OnehostDatabase } from './database.ts';
import { PurgeThread } from './purge-thread.ts';
import type { SessionStore } from './session-store.ts';

/**
 * One purge of a file. Its first slice, which is all that most of them are, is removed on the spot, the others on a thread: even the
 * shortest write waits for a disk that is busy, and a long purge makes thousands.
 */
export class SessionPurge {
  readonly #database: OnehostDatabase;
  readonly #store: SessionStore;
  #hasBegun = false;
  #thread: PurgeThread | undefined;

  constructor(database: OnehostDatabase, store: SessionStore) {
    this.#database = database;
    this.#store = store;
  }

  async slice(entries: number): Promise<PurgedSlice> {
    if (!this.#hasBegun || this.#thread?.hasEnded) {
      this.#hasBegun = true;
      return told(entries, this.#store.deleteDead(entries));
    }
    const now = this.#store.now();
    const { removed, milliseconds } = await this.#database.elsewhere(() => {
      this.#thread ??= new PurgeThread(this.#database.file);
      return this.#thread.remove(now, entries);
    });
    // One that was in somebody's way counts as long as it waited, so that the next ones are small.
    return removed === null ? NOTHING : { ...told(entries, removed), milliseconds };
  }

  async end(): Promise<void> {
    await this.#thread?.end();
  }
}

/** Somebody else was writing. */
const NOTHING: PurgedSlice = { removed: 0, done: false };

function told(entries: number, removed: number | null): PurgedSlice {
  return removed === null ? NOTHING : { removed, done: removed < entries };
}
