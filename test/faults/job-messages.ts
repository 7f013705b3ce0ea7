/** What a process with a job is started with. */
export interface JobOrder {
  readonly file: string;
  readonly durationSeconds: number;
  /** Which of the two kinds of schedule says that a tick is due each second; an interval by default. */
  readonly schedule?: 'interval' | 'cron';
}

/** What it tells: that it contends, each tick that it begins to run, and that it lost the lease, with the reason. */
export type JobReport =
  | { readonly type: 'contending' }
  | Begun
  | { readonly type: 'lost'; readonly message: string };

export interface Begun {
  readonly type: 'begun';
  /** `scheduledFor`, in milliseconds. */
  readonly tick: number;
  readonly fencingToken: number;
}

/** From one tick to the next. */
export const TICK_MILLISECONDS = 1000;
