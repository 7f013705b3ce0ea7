import type { JobRun, RunOutcome } from 'onehost';

/** A record of the ledger as it is in JSON. */
export type Run = Pick<JobRun, 'outcome' | 'ticks' | 'fencingToken'> & {
  readonly scheduledFor: string;
  readonly lastScheduledFor: string;
};

/** A row of the table that the job writes. */
export interface CountedTick {
  readonly countedFor: Date;
  readonly worker: number;
}

/** What became of one tick. */
export interface TickAccount {
  readonly tick: Date;
  readonly outcome: RunOutcome;
  /** Who counted it; `null` when nobody did. */
  readonly worker: number | null;
}

/** What a tick of each outcome may have left in the table. */
const MAY_HAVE_COUNTED: Partial<Record<RunOutcome, readonly number[]>> = {
  succeeded: [1],
  // Its process may have died between the write and the record of its end.
  abandoned: [0, 1],
  missed: [0],
  skipped: [0],
};

/**
 * Holds the ledger against the table that the job writes: each tick, from the oldest to the one before that which is running,
 * stands in the ledger once, and was counted as often as its outcome says.
 *
 * @param runs the newest first, as they were before `counted` was read.
 * @throws Error when a tick is lost, recorded twice, or counted twice.
 */
export function accountForTicks(
  runs: readonly Run[],
  counted: readonly CountedTick[],
  everySeconds: number,
): TickAccount[] {
  const accounts: TickAccount[] = [];
  for (const { outcome, ticks, scheduledFor, lastScheduledFor } of runs.toReversed()) {
    if (outcome === 'running') break;
    const [first, last] = [Date.parse(scheduledFor), Date.parse(lastScheduledFor)];
    const before = accounts.at(-1)?.tick.getTime();
    if (before !== undefined && first !== before + everySeconds * 1000) {
      throw new Error(`After the tick ${show(before)} the ledger has ${show(first)}.`);
    }
    if (last !== first + (ticks - 1) * everySeconds * 1000) {
      throw new Error(`The ledger has ${ticks} ticks from ${show(first)} to ${show(last)}.`);
    }
    for (let tick = first; tick <= last; tick += everySeconds * 1000) {
      accounts.push({ tick: new Date(tick), outcome, worker: counterOf(tick, outcome, counted) });
    }
  }
  return accounts;
}

function counterOf(
  tick: number,
  outcome: RunOutcome,
  counted: readonly CountedTick[],
): number | null {
  const rows = counted.filter(({ countedFor }) => countedFor.getTime() === tick);
  if (!MAY_HAVE_COUNTED[outcome]?.includes(rows.length)) {
    throw new Error(`The tick ${show(tick)} ${outcome}, and was counted ${rows.length} times.`);
  }
  return rows[0]?.worker ?? null;
}

function show(time: number): string {
  return new Date(time).toISOString();
}
