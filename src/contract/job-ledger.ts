import type { Awaitable } from './awaitable.ts';
import type { Lease } from './lease.ts';

/**
 * What became of a tick. `running`; `succeeded`; `failed`: it threw, at every attempt that was made; `timed-out`; `stopped`: it was
 * told that the scheduler stops, and ended for that; `abandoned`: its process died or lost the lease; `missed`: nobody could run it in
 * time; `skipped`: the run before was still going on.
 */
export type RunOutcome =
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'timed-out'
  | 'stopped'
  | 'abandoned'
  | 'missed'
  | 'skipped';

/** One tick of a job, or several in a row that were missed or skipped together. */
export interface JobRun {
  readonly job: string;
  readonly scheduledFor: Date;
  /** The last tick that this stands for: `scheduledFor`, unless several were missed or skipped together. */
  readonly lastScheduledFor: Date;
  /** How many ticks this stands for; of a cron schedule that nobody ran for long, at least so many. */
  readonly ticks: number;
  readonly outcome: RunOutcome;
  /** How often it was tried; 0 when it was missed or skipped. */
  readonly attempts: number;
  /** The id of the instance that ran it, or found it missed. */
  readonly instance: string;
  readonly fencingToken: number;
  readonly startedAt: Date;
  /** `null` while it runs. */
  readonly endedAt: Date | null;
  /** What it threw the last time. */
  readonly error: string | null;
}

export interface JobSummary {
  readonly name: string;
  /** The schedule in words, as the holder of the lease registered it last. */
  readonly schedule: string;
  /** Every tick up to this one has been dealt with; none of those that began will begin again. */
  readonly handledUntil: Date;
}

/**
 * Which ticks of which job have been dealt with, and how. A tick is a record, unique by job and `scheduledFor`, and every write
 * is made under the fence of the lease that it names: no tick runs twice, across any number of processes, handovers and crashes.
 *
 * What writes throws `LeaseLostError` when the term is over; nothing was written then.
 */
export interface JobLedger<Connection = unknown> {
  /**
   * Makes the job known, or gives it another schedule. Of a new job, ticks up to `startAt` count as dealt with. A known one goes
   * on where it was, also with another schedule: the ticks of that one since then are due. What earlier terms of the lease left
   * running, of whatever job, is recorded as `abandoned`.
   *
   * @throws InvalidJobError when the job is known under a lease of another name; nothing was written.
   */
  register(lease: Lease<Connection>, job: JobRegistration): Awaitable<Registered>;

  /**
   * Begins the run of a tick. `false` when the tick has been dealt with: it must not run.
   *
   * @throws InvalidJobError when the job is not registered.
   */
  begin(lease: Lease<Connection>, job: string, scheduledFor: Date): Awaitable<boolean>;

  /** Records the end of a run; does nothing when the run is not recorded as running under this term. */
  finish(lease: Lease<Connection>, run: FinishedRun): Awaitable<void>;

  /**
   * Records ticks that do not run. Does nothing when all of them have been dealt with. They are one record with the ticks right
   * before them, if those had the same outcome under the same term.
   *
   * @throws InvalidJobError when the job is not registered.
   * @throws InvalidOptionError when some of them have been dealt with, and some have not.
   */
  recordUnrun(lease: Lease<Connection>, ticks: UnrunTicks): Awaitable<void>;

  /**
   * Sets the job back to `to` after a clock that was ahead has been set right: ticks after it are due again, but for those that
   * began. A tick whose run is no longer kept may have begun: it is not gone back to before the newest of those. Ticks that
   * were recorded as missed or skipped may run now, and keep that record. Gives up to where ticks have been dealt with now.
   *
   * @throws InvalidJobError when the job is not registered.
   */
  rewind(lease: Lease<Connection>, rewound: RewoundJob): Awaitable<Date>;

  /** The runs of a job that are still kept, the newest tick first. */
  runs(job: string, options?: { readonly limit?: number | undefined }): Awaitable<JobRun[]>;

  /** Every job that was ever registered, by name. */
  jobs(): Awaitable<JobSummary[]>;
}

export interface JobRegistration {
  readonly name: string;
  readonly schedule: string;
  readonly startAt: Date;
}

export interface Registered {
  readonly handledUntil: Date;
  /** The schedule that this one replaced; `null` when the job is new or the schedule the same. */
  readonly replacedSchedule: string | null;
}

export interface RewoundJob {
  readonly job: string;
  /** Does nothing when ticks have been dealt with up to an earlier time only. */
  readonly to: Date;
}

export interface FinishedRun {
  readonly job: string;
  readonly scheduledFor: Date;
  readonly outcome: 'succeeded' | 'failed' | 'timed-out' | 'stopped';
  readonly attempts: number;
  /** Kept up to 2,000 UTF-16 code units. */
  readonly error: string | null;
}

export interface UnrunTicks {
  readonly job: string;
  readonly first: Date;
  readonly last: Date;
  readonly ticks: number;
  readonly outcome: 'missed' | 'skipped';
}
