import path from 'node:path';
import { isOnehostError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import type { OnehostDatabase } from './database.ts';
import { hasLocalLocks } from './filesystem.ts';
import type { LockTrust } from './judge-term.ts';
import { LockRecords } from './lock-records.ts';

/**
 * How far a free lock is believed on this file, as all processes of this boot have learnt it.
 *
 * ```text
 *   suspect ── a lock was seen busy from another process, on a filesystem known for it ──▶ kernel
 *      └──────── the lock of a process that lives was found free ──▶ ttl ◀──────────────────┘
 * ```
 */
export class FileLockTrust {
  readonly #database: OnehostDatabase;
  readonly #records: LockRecords;
  readonly #bootId: string;
  readonly #isLocal: boolean;
  #foundBroken = false;
  #foundProved = false;

  constructor(database: OnehostDatabase) {
    const { surroundings } = database;
    this.#database = database;
    this.#records = new LockRecords(database.connection);
    this.#bootId = surroundings.bootId();
    this.#isLocal = hasLocalLocks(path.dirname(database.file), surroundings.filesystemType);
  }

  get level(): LockTrust {
    return this.#database.read(() => {
      if (this.#foundBroken || this.#records.areBroken(this.#bootId)) return 'ttl';
      return this.#isLocal && this.#records.areProved(this.#bootId) ? 'kernel' : 'suspect';
    });
  }

  /** A process was kept out by the lock of another. */
  locksHold(): void {
    if (this.#foundProved) return;
    this.#foundProved = this.#database.read(() => this.#records.areProved(this.#bootId));
    if (!this.#foundProved) this.#note(() => this.#records.setProved(this.#bootId));
  }

  /** A process that lives was taken for dead, or its lock found free: on this file a lock is no sign of life. */
  locksAreBroken(): void {
    if (this.level === 'ttl') return;
    this.#foundBroken = true;
    const { file } = this.#database;
    this.#note(() => this.#records.setBroken(this.#bootId));
    publish('onehost:locks-broken', { file });
    process.emitWarning(
      `The lock of a process that lives was found free beside ${file}. Until the machine starts anew, a lease on it is taken over after its duration only. ` +
        'Look for something that opens and closes the files beside it that end in -holder-… (a backup), a second copy of SQLite in the process, or a filesystem without POSIX locks.',
      { code: 'ONEHOST_LOCKS_BROKEN' },
    );
  }

  /** For the other processes too. If it cannot be written now, somebody learns it again. */
  #note(record: () => void): void {
    try {
      this.#database.impatiently(NOTE_WAIT_SECONDS, () => this.#database.write(record));
    } catch (error) {
      if (!isOnehostError(error)) throw error;
    }
  }
}

const NOTE_WAIT_SECONDS = 0.01;
