import type { Clock } from '../../contract/clock.ts';
import type { Instance } from '../../contract/instance.ts';
import type { TermReason } from '../../contract/lease.ts';
import type { LeaseRow, TermKey } from './lease-rows.ts';

/** A token is at least the wall clock in microseconds. */
const TOKENS_PER_MILLISECOND = 1000;

/** The row of a term that begins now, in place of the one that `before` shows. */
export function newTerm(
  name: string,
  before: LeaseRow | undefined,
  term: {
    readonly holder: Instance;
    readonly reason: TermReason;
    readonly durationMilliseconds: number;
    readonly bootId: string;
    readonly clock: Clock;
  },
): LeaseRow & TermKey {
  const { holder, reason, durationMilliseconds, bootId, clock } = term;
  const now = Math.floor(clock.now());
  return {
    name,
    fencingToken: nextToken(before?.fencingToken, now),
    replacedToken: before?.fencingToken ?? null,
    holder: holder.id,
    processId: holder.processId,
    host: holder.host,
    appVersion: holder.appVersion,
    instanceStartedAt: holder.startedAt.getTime(),
    reason,
    durationMilliseconds,
    renewals: 0,
    renewedMonotonic: clock.monotonic(),
    bootId,
    acquiredAt: now,
    renewedAt: now,
  };
}

/**
 * Higher than the one before, and not lower than the wall clock in microseconds: a file put back from a backup, or made anew, does not
 * give a token a second time (unless the clock was set back too), and the clock may be set back without making one fall. A safe
 * integer until the year 2255.
 */
function nextToken(before: number | undefined, now: number): number {
  return Math.max((before ?? 0) + 1, now * TOKENS_PER_MILLISECOND);
}
