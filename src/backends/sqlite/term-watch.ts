import { hostname } from 'node:os';
import path from 'node:path';
import { isOnehostError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import type { TermReason } from '../../contract/lease.ts';
import type { HolderEvidence } from '../../contract/lease-store.ts';
import type { OnehostDatabase } from './database.ts';
import { hasLocalLocks } from './filesystem.ts';
import { evidenceFor, type LockTrust, type TermFacts, whyTakeOver } from './judge-term.ts';
import type { LeaseRow } from './lease-rows.ts';
import { LockRecords } from './lock-records.ts';
import type { ProcessLocks } from './process-locks.ts';

/** What this process saw of a term when it last looked. */
interface Sighting {
  readonly fencingToken: number;
  readonly renewals: number;
  /** When the counter was first seen to stand there. */
  readonly since: number;
  /** What the counter was when the lock was found free; `null` if it was not. */
  readonly freeAt: number | null;
}

/**
 * Watches the terms of others, and judges whether they are over. It remembers what it saw, since two of the signs need two looks: a
 * counter that stands still, and a counter that moves although the lock is free.
 */
export class TermWatch {
  readonly #database: OnehostDatabase;
  readonly #locks: ProcessLocks;
  readonly #records: LockRecords;
  readonly #bootId: string;
  readonly #isLocal: boolean;
  readonly #sightings = new Map<string, Sighting>();
  #foundBroken = false;

  constructor(database: OnehostDatabase, locks: ProcessLocks) {
    const { surroundings } = database;
    this.#database = database;
    this.#locks = locks;
    this.#records = new LockRecords(database.connection);
    this.#bootId = surroundings.bootId();
    this.#isLocal = hasLocalLocks(path.dirname(database.file), surroundings.filesystemType);
  }

  /** How far a free lock is believed. */
  get trust(): LockTrust {
    return this.#database.read(() => {
      if (this.#foundBroken || this.#records.areBroken(this.#bootId)) return 'ttl';
      return this.#isLocal && this.#records.areProved(this.#bootId) ? 'kernel' : 'suspect';
    });
  }

  whyTakeOver(row: LeaseRow | undefined, takeover: 'prompt' | 'cautious'): TermReason | null {
    return whyTakeOver(row, (held) => {
      const facts = this.#factsOf(held);
      const isTooSure = takeover === 'cautious' && facts.trust === 'kernel';
      return isTooSure ? { ...facts, trust: 'suspect' } : facts;
    });
  }

  evidenceFor(row: LeaseRow): HolderEvidence {
    return evidenceFor(row, (held) => this.#factsOf(held));
  }

  /** A process that lives was taken for dead, or its lock found free: on this file a lock is no sign of life. */
  locksAreBroken(): void {
    if (this.trust === 'ttl') return;
    this.#foundBroken = true;
    const { file } = this.#database;
    this.#note(() => this.#records.setBroken(this.#bootId));
    publish('onehost:locks-broken', { file });
    process.emitWarning(
      `The lock of a process that lives was found free beside ${file}. Until the machine starts anew, a lease on it is taken over after its duration only. ` +
        'Look for a second copy of SQLite in the process, or a filesystem without POSIX locks.',
      { code: 'ONEHOST_LOCKS_BROKEN' },
    );
  }

  #factsOf(row: LeaseRow): TermFacts {
    const now = this.#database.clock.monotonic();
    const lock = row.holder === null ? 'unknown' : this.#locks.look(row.holder);
    const last = this.#sightings.get(row.name);
    const isSameTerm = last?.fencingToken === row.fencingToken;
    const isUnchanged = isSameTerm && last.renewals === row.renewals;
    const freeBefore = isSameTerm ? last.freeAt : null;
    this.#sightings.set(row.name, {
      fencingToken: row.fencingToken,
      renewals: row.renewals,
      since: isUnchanged ? last.since : now,
      freeAt: lock === 'free' ? (freeBefore ?? row.renewals) : null,
    });
    if (lock === 'free' && freeBefore !== null && freeBefore !== row.renewals) {
      this.locksAreBroken();
    }
    if (lock === 'busy' && this.#isElsewhere(row) && !this.#areProved()) {
      this.#note(() => this.#records.setProved(this.#bootId));
    }
    return {
      now,
      bootId: this.#bootId,
      unchangedSince: isUnchanged ? last.since : now,
      lock,
      trust: this.trust,
    };
  }

  #areProved(): boolean {
    return this.#database.read(() => this.#records.areProved(this.#bootId));
  }

  /** For the other processes too. If it cannot be written now, somebody learns it again. */
  #note(record: () => void): void {
    try {
      this.#database.write(record);
    } catch (error) {
      if (!isOnehostError(error)) throw error;
    }
  }

  /** In another process for certain: SQLite keeps apart by itself what is in one. */
  #isElsewhere(row: LeaseRow): boolean {
    return (
      row.bootId === this.#bootId && (row.processId !== process.pid || row.host !== hostname())
    );
  }
}
