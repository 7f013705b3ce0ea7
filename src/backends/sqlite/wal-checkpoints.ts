import type { Database, Statement } from 'better-sqlite3';
import { threadTime, type WaitTime } from './lock-wait.ts';

/** What `pragma wal_checkpoint` gives, in frames: pages with a header, about 4 KiB each. */
interface WalState {
  /** Whether somebody was in the way. */
  readonly busy: 0 | 1;
  /** In the `-wal` since it was last begun anew; -1 when another process is making a checkpoint. */
  readonly log: number;
  /** How many of them stand in the database file, too. */
  readonly checkpointed: number;
}

/** How many commits go by between two looks, which cost some microseconds each: with 8, a `set` takes 1.5 % longer, with 32 nothing to be seen. */
const LOOK_EVERY = 32;
/** How many frames are worth a checkpoint; SQLite's own number. */
const WORTHWHILE = 1000;
/** From here on the `-wal` is begun anew even if writers have to wait for that. */
const LONG = 4000;
/** From here on it is not put off until the event loop is free: 64 MiB, as much as `journal_size_limit` leaves on the disk. */
const TOO_LONG = 16_000;
/** How long to try to begin anew, in milliseconds: next time will do, unless it is too long already. */
const PATIENCE = 20;
const LAST_PATIENCE = 200;
/** And how long when nothing moves: not writers are in the way then, but a reader that goes on for longer. */
const READER_PATIENCE = 5;

/**
 * Carries what was committed from the `-wal` over into the database file, in place of SQLite's automatic checkpoints. Those are made inside the
 * commit that crosses the line, with two syncs; this one when the event loop is free, after the request. And those never make
 * a writer wait, so that the `-wal` is begun anew only if nobody commits while one is under way: with several processes that write
 * without pause it grows without end (https://sqlite.org/wal.html#avoiding_excessively_large_wal_files), and each commit tries in
 * vain. This one begins it anew when it is long, and holds the write lock for the last part of the work.
 *
 * What fails is tried again later: nothing is lost with it, and what is wrong with the file is for reads and writes to report.
 */
export class WalCheckpoints {
  readonly #look: Statement<[], WalState>;
  readonly #carryOver: Statement<[], WalState>;
  readonly #beginAnew: Statement<[], WalState>;
  readonly #time: WaitTime;
  #commits = 0;
  /** The length at the last checkpoint; 0 when it was begun anew since. */
  #left = 0;
  #soon: NodeJS.Immediate | undefined;

  constructor(connection: Database, time: WaitTime = threadTime) {
    connection.pragma('wal_autocheckpoint = 0');
    this.#look = connection.prepare('pragma wal_checkpoint(noop)');
    this.#carryOver = connection.prepare('pragma wal_checkpoint(passive)');
    this.#beginAnew = connection.prepare('pragma wal_checkpoint(restart)');
    this.#time = time;
  }

  /** To be called after each commit of the connection. Never throws. */
  committed(): void {
    if (this.#commits++ % LOOK_EVERY !== 0) return;
    const state = stateOf(this.#look);
    if (state === null || !this.#isDue(state)) return;
    if (state.log >= TOO_LONG) this.#checkpoint();
    else this.#soon ??= setImmediate(() => this.#checkpoint());
  }

  /** Calls off what was put off; the last connection to close the file makes a checkpoint anyway. */
  close(): void {
    clearImmediate(this.#soon);
  }

  #isDue({ log, checkpointed }: WalState): boolean {
    if (log < this.#left) this.#left = 0;
    if (log - checkpointed < WORTHWHILE) return false;
    // What a reader of an old state keeps from being carried over is not to be tried at each look.
    return log >= this.#left + WORTHWHILE;
  }

  #checkpoint(): void {
    this.close();
    this.#soon = undefined;
    const state = stateOf(this.#carryOver);
    if (state === null || state.log < 0) return;
    if (state.log >= LONG) this.#restart(state.log < TOO_LONG ? PATIENCE : LAST_PATIENCE);
    this.#left = state.log;
  }

  #restart(patience: number): void {
    const began = this.#time.now();
    let movedAt = began;
    let carriedOver = -1;
    for (;;) {
      const state = stateOf(this.#beginAnew);
      if (state === null || state.busy === 0 || state.log < 0) return;
      const now = this.#time.now();
      if (state.checkpointed !== carriedOver) movedAt = now;
      if (now - began >= patience || now - movedAt >= READER_PATIENCE) return;
      carriedOver = state.checkpointed;
      // More often than anybody waits for a write: it is everybody's file that grows.
      this.#time.sleep(0.1 + 0.3 * Math.random());
    }
  }
}

function stateOf(statement: Statement<[], WalState>): WalState | null {
  try {
    return statement.get() ?? null;
  } catch {
    return null;
  }
}
