import { hostname } from 'node:os';
import type { TermReason } from '../../contract/lease.ts';
import type { HolderEvidence } from '../../contract/lease-store.ts';
import type { OnehostDatabase } from './database.ts';
import {
  evidenceFor,
  type LockTrust,
  type ProcessLock,
  type TermFacts,
  whyTakeOver,
} from './judge-term.ts';
import type { LeaseRow, LeaseRows } from './lease-rows.ts';
import { FileLockTrust } from './lock-trust.ts';
import type { ProcessLocks } from './process-locks.ts';

/** What this process saw of a term when it last looked. */
interface Sighting {
  readonly fencingToken: number;
  readonly renewals: number;
  /** When the counter was first seen to stand there. */
  readonly since: number;
  /** Where the counter stood after the lock was found free; `null` if it was not. */
  readonly freeAt: number | null;
}

/**
 * Watches the terms of others, and judges whether they are over. It remembers what it saw, since two of the signs need two looks: a
 * counter that stands still, and a counter that moves although the lock is free.
 */
export class TermWatch {
  readonly #database: OnehostDatabase;
  readonly #rows: LeaseRows;
  readonly #locks: ProcessLocks;
  readonly #trust: FileLockTrust;
  readonly #bootId: string;
  readonly #sightings = new Map<string, Sighting>();

  constructor(database: OnehostDatabase, rows: LeaseRows, locks: ProcessLocks) {
    this.#database = database;
    this.#rows = rows;
    this.#locks = locks;
    this.#trust = new FileLockTrust(database);
    this.#bootId = database.surroundings.bootId();
  }

  /** How far a free lock is believed. */
  get trust(): LockTrust {
    return this.#trust.level;
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

  /** The holder of a term lives, and somebody took it over as that of a dead one. */
  wasTakenForDead(): void {
    this.#trust.locksAreBroken();
  }

  #factsOf(row: LeaseRow): TermFacts {
    const now = this.#database.clock.monotonic();
    const lock = row.holder === null ? 'unknown' : this.#locks.look(row.holder);
    const last = this.#sightings.get(row.name);
    const isSameTerm = last?.fencingToken === row.fencingToken;
    const since = isSameTerm && last.renewals === row.renewals ? last.since : now;
    const freeBefore = isSameTerm ? last.freeAt : null;
    this.#sightings.set(row.name, {
      fencingToken: row.fencingToken,
      renewals: row.renewals,
      since,
      freeAt: lock === 'free' ? (freeBefore ?? this.#renewalsNow(row)) : null,
    });
    this.#learnFrom(lock, row, freeBefore);
    // Asked of a free lock alone, and a standby finds it busy ten times a second.
    const trust = lock === 'free' ? this.#trust.level : 'ttl';
    return { now, bootId: this.#bootId, unchangedSince: since, lock, trust };
  }

  #learnFrom(lock: ProcessLock, row: LeaseRow, freeBefore: number | null): void {
    if (lock === 'busy' && this.#isElsewhere(row)) this.#trust.locksHold();
    if (lock === 'free' && freeBefore !== null && row.renewals > freeBefore) {
      this.#trust.locksAreBroken();
    }
  }

  /** After the look at the lock: a holder may have renewed for a last time between the reading of its row and its end. */
  #renewalsNow(row: LeaseRow): number {
    const current = this.#database.read(() => this.#rows.find(row.name));
    return current?.fencingToken === row.fencingToken ? current.renewals : row.renewals;
  }

  /** In another process for certain: SQLite keeps apart by itself what is in one. */
  #isElsewhere(row: LeaseRow): boolean {
    return (
      row.bootId === this.#bootId && (row.processId !== process.pid || row.host !== hostname())
    );
  }
}
