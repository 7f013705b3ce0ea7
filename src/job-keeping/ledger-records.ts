import type { JobRun, RunOutcome } from '../contract/job-ledger.ts';

/** A job as a ledger keeps it; times are milliseconds since 1970. */
export interface JobRow {
  readonly name: string;
  /** The name of the lease that it was first registered under. */
  readonly lease: string;
  readonly schedule: string;
  readonly handledUntil: number;
  /** The newest tick that began and has no row any more. */
  readonly prunedUntil: number | null;
}

/** A tick as a ledger keeps it, or several in a row that did not run. */
export interface RunRow {
  readonly job: string;
  readonly scheduledFor: number;
  readonly lastScheduledFor: number;
  readonly ticks: number;
  readonly outcome: RunOutcome;
  readonly attempts: number;
  readonly instance: string;
  readonly fencingToken: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly error: string | null;
}

export function summariseRun(row: RunRow): JobRun {
  return {
    ...row,
    scheduledFor: new Date(row.scheduledFor),
    lastScheduledFor: new Date(row.lastScheduledFor),
    startedAt: new Date(row.startedAt),
    endedAt: row.endedAt === null ? null : new Date(row.endedAt),
  };
}
