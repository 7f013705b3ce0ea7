import { setMaxListeners } from 'node:events';
import type { Clock } from '../contract/clock.ts';
import {
  InvalidJobError,
  LeaseStoreClosedError,
  SchedulerStoppedError,
} from '../contract/errors/index.ts';
import type { JobLedger } from '../contract/job-ledger.ts';
import type { Lease } from '../contract/lease.ts';
import type { LeaseStore } from '../contract/lease-store.ts';
import { assertDuration, assertName } from '../contract/validate-arguments.ts';
import { assertHasMethod, assertKnownOptions } from '../contract/validate-options.ts';
import { readLeaseOptions } from '../lease-keeping/lease-settings.ts';
import { pause } from '../waiting/pause.ts';
import { Activity } from './activity.ts';
import type { Job } from './job.ts';
import { JobTicks } from './job-ticks.ts';
import { type ReadyJob, readJob } from './read-job.ts';

const RETRY_MILLISECONDS = 1_000;

export interface SchedulerOptions<Connection = unknown> {
  /** Where the lease is that its owner runs the jobs under. */
  readonly leases: LeaseStore<Connection>;
  /** Where ticks and runs are recorded: in the same database as the lease. */
  readonly ledger: JobLedger<Connection>;
  /** The name of the lease, `'scheduler'` by default. Of all schedulers of one name, one runs jobs. */
  readonly name?: string | undefined;
  /** See `LeaseOptions`. */
  readonly durationSeconds?: number | undefined;
  /** See `LeaseOptions`. */
  readonly marginSeconds?: number | undefined;
  /** How long `stop` waits for running jobs before it gives up the lease, 10 by default. */
  readonly drainSeconds?: number | undefined;
  /**
   * Told of what went wrong: a job that failed or timed out (after its retries), a ledger or a lease store that could not be written and is
   * tried again, a clock that was ahead (`ClockSetBackError`). `job` is its name, or `null`. By default it goes to `console.error`.
   */
  readonly onError?: ((error: unknown, job: string | null) => unknown) | undefined;
}

interface ScheduledJob<Connection> {
  readonly job: ReadyJob<Connection>;
  readonly activity: Activity;
}

/**
 * Runs jobs in exactly one process. Every process makes one with the same jobs and starts it; the one that holds the lease
 * runs them, and another takes over when it ends, hangs or dies. Each tick is begun at most once, and what became of it is
 * in the ledger.
 *
 * ```
 *   start -> contending -> owner -> (lease lost) -> contending
 *                 \           \
 *                  \-> stop <-/  no new ticks, signals, drain, release
 * ```
 *
 * Effects outside the database are made at least once or at most once, as the job goes about it: see `JobContext.scheduledFor`.
 */
export class Scheduler<Connection = unknown> implements AsyncDisposable {
  readonly #leases: LeaseStore<Connection>;
  readonly #ledger: JobLedger<Connection>;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #leaseOptions: {
    durationSeconds?: number | undefined;
    marginSeconds?: number | undefined;
  };
  readonly #drainSeconds: number;
  readonly #onError: (error: unknown, job: string | null) => unknown;
  readonly #jobs = new Map<string, ScheduledJob<Connection>>();
  readonly #stopping = new AbortController();
  #lease: Lease<Connection> | null = null;
  #contending: Promise<void> | null = null;
  #drained: Promise<void> | null = null;

  /** @throws InvalidOptionError, InvalidNameError, InvalidDurationError */
  constructor(options: SchedulerOptions<Connection>) {
    assertKnownOptions('Scheduler', options, OPTIONS);
    const { leases, ledger, name = 'scheduler', durationSeconds, marginSeconds } = options;
    const remedy =
      'Write: new Scheduler({ leases: new DatabaseLeaseStore(database), ledger: new DatabaseJobLedger(database) }).';
    assertHasMethod('leases of Scheduler', leases, {
      method: 'acquire',
      what: 'a lease store',
      remedy,
    });
    assertHasMethod('ledger of Scheduler', ledger, {
      method: 'begin',
      what: 'a job ledger',
      remedy,
    });
    assertName('lease', name);
    const { drainSeconds = 10, onError = logError } = options;
    assertDuration('drainSeconds', drainSeconds);
    // Now, and not at the first attempt, of which nobody waits for the end.
    readLeaseOptions('Scheduler', { durationSeconds, marginSeconds });
    this.#leases = leases;
    this.#ledger = ledger;
    this.#clock = leases.clock;
    this.#name = name;
    this.#leaseOptions = { durationSeconds, marginSeconds };
    this.#drainSeconds = drainSeconds;
    this.#onError = onError;
  }

  /** Whether this process runs the jobs at present. */
  get isOwner(): boolean {
    return this.#lease?.isHeld() ?? false;
  }

  /**
   * Makes a job known, before or after `start`.
   *
   * @throws InvalidJobError for what cannot be meant, and for a second job of one name; and what else its parts throw.
   * @throws SchedulerStoppedError
   */
  add(job: Job<Connection>): this {
    this.#assertNotStopped();
    const ready = readJob(job);
    if (this.#jobs.has(ready.name)) {
      throw new InvalidJobError(
        `There are two jobs of the name "${ready.name}", but a name stands for one. Give the second another name.`,
      );
    }
    const scheduled = { job: ready, activity: new Activity() };
    this.#jobs.set(ready.name, scheduled);
    if (this.#lease !== null) this.#begin(scheduled, this.#lease);
    return this;
  }

  /**
   * Contends for the lease from now on, until `stop`. It returns at once, and keeps the process alive. Calling it again does
   * nothing.
   *
   * @throws SchedulerStoppedError
   */
  start(): void {
    this.#assertNotStopped();
    this.#contending ??= this.#contend();
  }

  /**
   * Begins no more ticks, tells running jobs by their signal, waits for them for up to `drainSeconds`, and releases the lease: another
   * process goes on at once. Runs of a lease that was lost are waited for too. For SIGTERM: `process.once('SIGTERM', () => scheduler.stop())`, before the database is closed.
   * Calling it again waits for the same end. It does not reject: what cannot be released is reported, and free after its duration.
   */
  async stop(): Promise<void> {
    this.#drained ??= this.#drain();
    this.#stopping.abort(
      new SchedulerStoppedError(
        `The scheduler "${this.#name}" stops. End soon: what you write within its drainSeconds (${this.#drainSeconds}) still counts.`,
      ),
    );
    await this.#contending;
    await this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #contend(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const lease = await this.#leases.acquire(this.#name, { ...this.#leaseOptions, signal });
        await this.#own(lease);
      } catch (error) {
        // What else comes of a stop is a term that was begun meanwhile, and that could not be released.
        if (error !== signal.reason) void this.#report(error, null);
        if (signal.aborted) return;
        if (error instanceof LeaseStoreClosedError) return;
        await pause(this.#clock, RETRY_MILLISECONDS, signal);
      }
    }
  }

  /** Runs the jobs until the lease is lost or the scheduler stops. */
  async #own(lease: Lease<Connection>): Promise<void> {
    this.#lease = lease;
    // Each run listens to both, and any number of jobs may run at once.
    setMaxListeners(0, lease.signal, this.#stopping.signal);
    for (const scheduled of this.#jobs.values()) this.#begin(scheduled, lease);
    // For as long as that takes. An owner without jobs has nothing else that would keep the process alive.
    await pause(this.#clock, Number.POSITIVE_INFINITY, lease.signal, this.#stopping.signal);
    if (this.#stopping.signal.aborted) await this.#leave(lease);
    this.#lease = null;
  }

  #begin({ job, activity }: ScheduledJob<Connection>, lease: Lease<Connection>): void {
    const ticks = new JobTicks(
      job,
      {
        lease,
        ledger: this.#ledger,
        clock: this.#clock,
        stopping: this.#stopping.signal,
        report: (error, of) => void this.#report(error, of),
      },
      activity,
    );
    void ticks.start();
  }

  /** Until nothing runs, whoever owns the jobs by now, or `drainSeconds` have passed. */
  async #drain(): Promise<void> {
    const drained = new AbortController();
    const runs = [...this.#jobs.values()].map(({ activity }) => activity.ended);
    void Promise.all(runs).then(() => drained.abort());
    await pause(this.#clock, this.#drainSeconds * 1000, drained.signal);
  }

  async #leave(lease: Lease<Connection>): Promise<void> {
    await this.#drained;
    try {
      await lease.release();
    } catch (error) {
      void this.#report(error, null);
    }
  }

  /** Whoever is told must not break the scheduler, nor end the process by a promise that nobody waits for. */
  async #report(error: unknown, job: string | null): Promise<void> {
    try {
      await this.#onError(error, job);
    } catch (thrown) {
      logError(error, job);
      logError(thrown, job);
    }
  }

  #assertNotStopped(): void {
    if (this.#stopping.signal.aborted) {
      throw new SchedulerStoppedError(
        `The scheduler "${this.#name}" was stopped, and does not start again. Make a new one.`,
      );
    }
  }
}

const OPTIONS = [
  'leases',
  'ledger',
  'name',
  'durationSeconds',
  'marginSeconds',
  'drainSeconds',
  'onError',
];

function logError(error: unknown, job: string | null): void {
  const of = job === null ? 'onehost scheduler:' : `onehost job "${job}":`;
  try {
    console.error(of, error);
  } catch {
    console.error(of, 'an error that cannot be shown');
  }
}
