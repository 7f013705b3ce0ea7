import type { Awaitable } from '../contract/awaitable.ts';

/** A background job: what it is called, when it is due, and what it does. Every process adds the same jobs. */
export type Job<Connection = unknown> = JobOptions<Connection> & (CronJob | IntervalJob);

export interface CronJob {
  /**
   * Five fields (minute, hour, day of the month, month, day of the week), or six with the seconds first:
   * https://croner.56k.guru/usage/pattern/
   */
  readonly cron: string;
  /** The IANA name of the time zone that `cron` is meant in; `'UTC'` by default, wherever the machine is. */
  readonly timeZone?: string | undefined;
  readonly everySeconds?: undefined;
}

export interface IntervalJob {
  /** From one tick to the next, at least 0.1. Ticks are the multiples since 1970-01-01 UTC. */
  readonly everySeconds: number;
  readonly cron?: undefined;
  readonly timeZone?: undefined;
}

export interface JobOptions<Connection = unknown> {
  /** 1 to 200 UTF-16 code units; other jobs of the same scheduler have other names. */
  readonly name: string;
  /**
   * What runs of the ticks that have become due while nobody ran jobs: the owner had died, the machine was off, or the
   * event loop was held. `latest`, the default: the newest one; `skip`: the newest one too, but only within
   * `graceSeconds`; `all`: each, one after the other, the oldest first, up to `backlogLimit`. The others are recorded as missed.
   */
  readonly misfire?: 'skip' | 'latest' | 'all' | undefined;
  /** How late a tick may begin; 10 by default for `misfire: 'skip'`, and without limit else. */
  readonly graceSeconds?: number | undefined;
  /**
   * What becomes of a tick that is due while the job still runs. `skip`, the default: it is recorded as skipped. `queue`: it runs
   * afterwards, up to `backlogLimit`.
   */
  readonly overlap?: 'skip' | 'queue' | undefined;
  /** How many ticks may wait for their run, 1 to 10,000; 100 by default. */
  readonly backlogLimit?: number | undefined;
  /**
   * How long a run may take, its retries included; without limit by default. Then its signal aborts, what it does through
   * `context.transaction` is refused, and it is recorded as timed out. Until its promise settles it counts as running.
   */
  readonly timeoutSeconds?: number | undefined;
  /** What happens when it throws; by default nothing until the next tick. */
  readonly retry?: JobRetry | undefined;
  /** Each run begins up to this much later, at random; 0, the default, is at once. */
  readonly jitterSeconds?: number | undefined;
  /** Does the work. Its end is that of the promise it gives; what it throws counts as failure. */
  run(context: JobContext<Connection>): unknown;
}

export interface JobRetry {
  /** How often it is tried in all, 1 to 100. */
  readonly attempts: number;
  /** From the first failure to the next attempt, 1 by default; 0 is at once. */
  readonly delaySeconds?: number | undefined;
  /** How much longer each further delay is, at least 1; 2 by default. None is longer than an hour. */
  readonly factor?: number | undefined;
}

/** What a run is given. */
export interface JobContext<Connection = unknown> {
  readonly job: string;
  /**
   * The tick. It is the key by which effects outside the database are made once: hand it to the mail service or the payment
   * provider, since a process may die between an effect and its record.
   */
  readonly scheduledFor: Date;
  /** 1 at first, one more at each retry. */
  readonly attempt: number;
  /** That of the lease: higher than that of any owner before. */
  readonly fencingToken: number;
  /**
   * Aborts when the run should end: its lease is lost (`LeaseLostError`), its time is over (`RunEndedError`), or the scheduler
   * stops (`SchedulerStoppedError`; what it writes still counts). A run that ends by that reason then, or by an `AbortError`, has not
   * failed.
   */
  readonly signal: AbortSignal;
  /**
   * `lease.transaction`, for as long as this run goes on.
   *
   * @throws LeaseLostError another process owns the jobs by now; nothing was written.
   * @throws RunEndedError the time is over, or the run has returned; nothing was written.
   */
  transaction<T>(work: (connection: Connection) => Awaitable<T>): Promise<T>;
}
