import type { TermReason } from '../../contract/lease.ts';
import type { HolderEvidence } from '../../contract/lease-store.ts';
import type { LeaseRow } from './lease-rows.ts';

/** What a look at the lock of the holder's process gives; `unknown`: it is not there, or cannot be asked. */
export type ProcessLock = 'busy' | 'free' | 'unknown';

/**
 * How far a free lock is believed. `kernel`: its holder has died; `suspect`: it has, if it has also missed a
 * heartbeat; `ttl`: a lock says nothing here, and only time does.
 */
export type LockTrust = 'kernel' | 'suspect' | 'ttl';

/** What is known of a term besides its row. @internal */
export interface TermFacts {
  /** The monotonic clock here, and the boot that it belongs to. */
  readonly now: number;
  readonly bootId: string;
  /** Since when, on the clock here, the renewal counter has stood as it stands. */
  readonly unchangedSince: number;
  readonly lock: ProcessLock;
  readonly trust: LockTrust;
}

/**
 * Why the lease may be taken over now; `null` when it may not.
 *
 * - Nobody has it: at once.
 * - The duration has passed without a renewal. If the row was written in this boot of the machine, at a time that is
 *   not in the future, the two clocks are one and the times are compared. If not, the renewal counter must have stood still for
 *   the whole duration, by the clock here: another boot id alone proves nothing, since some container runtimes make one up.
 * - The holder's process has ended, as far as its lock is believed: `kernel` at once; `suspect` when half the
 *   duration has passed without a renewal, which is due each third.
 *
 * @internal
 */
export function whyTakeOver(
  row: LeaseRow | undefined,
  factsOf: (row: LeaseRow) => TermFacts,
): TermReason | null {
  if (row === undefined) return 'first';
  if (row.holder === null) return 'released';
  const facts = factsOf(row);
  const overdue = overdueFor(row, facts);
  if (overdue >= row.durationMilliseconds) return 'expired';
  if (facts.lock !== 'free' || facts.trust === 'ttl') return null;
  if (facts.trust === 'kernel') return 'holder-died';
  return overdue >= row.durationMilliseconds / 2 ? 'holder-died' : null;
}

/** What speaks for the holder being alive. @internal */
export function evidenceFor(row: LeaseRow, factsOf: (row: LeaseRow) => TermFacts): HolderEvidence {
  if (row.holder === null) return 'none';
  const facts = factsOf(row);
  if (facts.lock === 'free' && facts.trust !== 'ttl') return 'process-gone';
  if (overdueFor(row, facts) < row.durationMilliseconds) return 'renewed';
  return facts.lock === 'busy' ? 'process-lives' : 'overdue';
}

/** For how many milliseconds, at least, it has not been renewed. */
function overdueFor(row: LeaseRow, { now, bootId, unchangedSince }: TermFacts): number {
  const isComparable = row.bootId === bootId && row.renewedMonotonic <= now;
  return isComparable ? now - row.renewedMonotonic : now - unchangedSince;
}
