import { lstatSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import SqliteConnection, { type Database, type Statement } from 'better-sqlite3';
import { createPrivateFile } from '../../files/create-private-file.ts';

import type { ProcessLock } from './judge-term.ts';
import { isBusy } from './translate-error.ts';

/** Locks by which the processes of the host can see each other end. Injected by tests. */
export interface ProcessLocks {
  /**
   * Takes the lock of this instance, to be kept until {@link release}; does nothing if it is held. On the way it removes what instances
   * have left behind that have ended, but for those that `isNamed` says a lease still names: that their lock is free is how others
   * see that they have ended.
   */
  hold(isNamed: (instanceId: string) => boolean): void;
  /** Looks at the lock of another instance. */
  look(instanceId: string): ProcessLock;
  /**
   * Lets go of the lock. The file of one that a lease still names stays, as of a process that was killed: were it gone, the lock would be unknown to others, and
   * not free.
   */
  release(kept: { readonly isNamed: boolean }): void;
}

/** A file younger than this may belong to somebody who is about to lock it. */
const SETTLED_MILLISECONDS = 60_000;
const MOST_SWEPT = 100;
const INSTANCE_ID = /^[0-9a-f]{32}$/;

/** better-sqlite3 closes a connection that nobody refers to, and its lock would be gone. */
const pinned = new Set<Database>();

/**
 * The lock of an instance is an SQLite file beside the database, in a transaction that stays EXCLUSIVE for as long as the instance
 * lives. The kernel ends it however the process ends; while the process is merely stopped, it stays.
 *
 * A file of its own, since SQLite's locks are POSIX locks: they belong to the process, and closing any descriptor of the
 * file drops them (https://sqlite.org/src/artifact/src/os_unix.c, "Posix Advisory Locking"). So the own file is never looked at, and files are
 * opened by SQLite alone, which knows of the trap. A lock file made of `flock` would need native code.
 */
export class SideFileLocks implements ProcessLocks {
  readonly #prefix: string;
  readonly #instanceId: string;
  #own: Database | null = null;
  #looked: Looked | null = null;

  /** @param file the database, which the lock files stand beside. */
  constructor(file: string, instanceId: string) {
    this.#prefix = `${file}-holder-`;
    this.#instanceId = instanceId;
  }

  hold(isNamed: (instanceId: string) => boolean): void {
    if (this.#own !== null) return;
    this.#sweep(isNamed);
    const file = this.#fileOf(this.#instanceId);
    createPrivateFile(file);
    // A sweep of another process may be looking at it just now.
    const connection = new SqliteConnection(file, { timeout: 1000 });
    try {
      // Nothing in it is worth a sync or a journal, and a file without a first page would get one in the transaction.
      connection.exec(
        'pragma synchronous = off; pragma journal_mode = memory; pragma user_version = 1',
      );
      connection.exec('begin exclusive');
    } catch (error) {
      connection.close();
      throw error;
    }
    pinned.add(connection);
    this.#own = connection;
  }

  look(instanceId: string): ProcessLock {
    if (instanceId === this.#instanceId) return 'unknown';
    try {
      const looked = this.#open(instanceId);
      looked.statement.get();
      return 'free';
    } catch (error) {
      if (isBusy(error)) return 'busy';
      // Not there, or not ours to read.
      this.#stopLooking();
      return 'unknown';
    }
  }

  release({ isNamed }: { readonly isNamed: boolean }): void {
    this.#stopLooking();
    if (this.#own === null) return;
    pinned.delete(this.#own);
    // First the name, then the lock: nobody comes upon a file that was left behind for nothing.
    if (!isNamed) rmSync(this.#fileOf(this.#instanceId), { force: true });
    this.#own.close();
    this.#own = null;
  }

  /** Kept open, since a standby looks ten times a second: 16 us a look instead of 60. */
  #open(instanceId: string): Looked {
    if (this.#looked?.instanceId === instanceId) return this.#looked;
    this.#stopLooking();
    const connection = new SqliteConnection(this.#fileOf(instanceId), {
      readonly: true,
      fileMustExist: true,
      timeout: 0,
    });
    // Reads the first page, and so needs the lock that the holder keeps from everybody.
    const statement = connection.prepare('pragma user_version');
    this.#looked = { instanceId, connection, statement };
    return this.#looked;
  }

  #stopLooking(): void {
    this.#looked?.connection.close();
    this.#looked = null;
  }

  #fileOf(instanceId: string): string {
    return `${this.#prefix}${instanceId}`;
  }

  /** Removes what processes have left behind that ended without `close`. Housekeeping: what cannot be removed stays. */
  #sweep(isNamed: (instanceId: string) => boolean): void {
    let swept = 0;
    for (const instanceId of this.#leftBehind()) {
      if (swept === MOST_SWEPT) break;
      if (isNamed(instanceId) || this.look(instanceId) !== 'free') continue;
      this.#stopLooking();
      try {
        rmSync(this.#fileOf(instanceId), { force: true });
        swept += 1;
      } catch {
        // Not ours to remove.
      }
    }
    this.#stopLooking();
  }

  #leftBehind(): string[] {
    const prefix = path.basename(this.#prefix);
    try {
      return readdirSync(path.dirname(this.#prefix))
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length))
        .filter((instanceId) => INSTANCE_ID.test(instanceId) && this.#isSettled(instanceId));
    } catch {
      // A folder that may be written and not listed.
      return [];
    }
  }

  #isSettled(instanceId: string): boolean {
    const stats = lstatSync(this.#fileOf(instanceId), { throwIfNoEntry: false });
    return stats?.isFile() === true && Date.now() - stats.mtimeMs >= SETTLED_MILLISECONDS;
  }
}

interface Looked {
  readonly instanceId: string;
  readonly connection: Database;
  readonly statement: Statement;
}
