/** What a process with a job is started with. */
export interface JobOrder {
  readonly file: string;
  /** The address of the server where leases and ticks are kept in place of the file, Redis or PostgreSQL. */
  readonly server?: string | undefined;
  readonly durationSeconds: number;
  /** Which of the two kinds of schedule says that a tick is due each second; an interval by default. */
  readonly schedule?: 'interval' | 'cron';
}

/** What it tells: that it contends, each tick that it begins to run, that it lost the lease, with the reason, and any error that it should not have met. */
export type JobReport =
  | { readonly type: 'contending' }
  | Begun
  | { readonly type: 'lost' | 'surprised'; readonly message: string };

export interface Begun {
  readonly type: 'begun';
  /** `scheduledFor`, in milliseconds. */
  readonly tick: number;
  readonly fencingToken: number;
}

/** From one tick to the next. */
export const TICK_MILLISECONDS = 1000;
