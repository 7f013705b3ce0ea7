import { type Awaitable, isThenable } from '../contract/awaitable.ts';
import { LeaseLostError, RunEndedError } from '../contract/errors/index.ts';
import { publish } from '../contract/events.ts';
import type { FinishedRun } from '../contract/job-ledger.ts';
import { pause } from '../waiting/pause.ts';
import type { JobContext } from './job.ts';
import { type Ownership, untilRecorded } from './ownership.ts';
import type { ReadyJob } from './read-job.ts';

const LONGEST_RETRY_DELAY_MILLISECONDS = 3_600_000;

/** The run of one tick, from its record as running to that of its end: attempts, time limit, and signals. */
export class TickRun<Connection> {
  readonly #job: ReadyJob<Connection>;
  readonly #owner: Ownership<Connection>;
  readonly #scheduledFor: Date;
  readonly #controller = new AbortController();
  #attempts = 0;
  #timeout: RunEndedError | null = null;
  #recorded: Promise<unknown> | null = null;

  constructor(job: ReadyJob<Connection>, owner: Ownership<Connection>, tick: number) {
    this.#job = job;
    this.#owner = owner;
    this.#scheduledFor = new Date(tick);
  }

  /** Resolves when the job's promise has settled, and its outcome is recorded. Never rejects. */
  async run(): Promise<void> {
    const { lease, stopping } = this.#owner;
    // Not AbortSignal.any: each of its signals would stay with these two, which outlive thousands of runs.
    const hear = () =>
      this.#controller.abort(lease.signal.aborted ? lease.signal.reason : stopping.reason);
    for (const signal of [lease.signal, stopping]) signal.addEventListener('abort', hear);
    if (lease.signal.aborted || stopping.aborted) hear();
    const cancelTimeout = this.#startTimeout();
    try {
      const failure = await this.#attemptUntilDone();
      this.#finish(this.#outcome(failure), failure?.error);
    } finally {
      cancelTimeout();
      for (const signal of [lease.signal, stopping]) signal.removeEventListener('abort', hear);
      await this.#recorded;
    }
  }

  #startTimeout(): () => void {
    const { timeoutMilliseconds, name } = this.#job;
    if (timeoutMilliseconds === null) return () => {};
    return this.#owner.clock.after(timeoutMilliseconds, () => {
      this.#timeout = new RunEndedError(
        `The run of the job "${name}" took longer than its timeoutSeconds (${timeoutMilliseconds / 1000}). ` +
          'Nothing is written for it from now on. Let it end when context.signal aborts, or give it more time.',
      );
      this.#controller.abort(this.#timeout);
      this.#finish('timed-out', this.#timeout);
    });
  }

  async #attemptUntilDone(): Promise<{ readonly error: unknown } | null> {
    const { retry } = this.#job;
    let delay = retry.delayMilliseconds;
    for (;;) {
      const failure = await this.#attempt();
      if (failure === null || this.#attempts === retry.attempts) return failure;
      await pause(this.#owner.clock, delay, this.#controller.signal);
      if (this.#controller.signal.aborted) return failure;
      delay = Math.min(delay * retry.factor, LONGEST_RETRY_DELAY_MILLISECONDS);
    }
  }

  async #attempt(): Promise<{ readonly error: unknown } | null> {
    this.#attempts += 1;
    const attempt = { hasEnded: false };
    try {
      await this.#job.run(this.#context(attempt));
      return null;
    } catch (error) {
      return { error };
    } finally {
      attempt.hasEnded = true;
    }
  }

  #context(attempt: { readonly hasEnded: boolean }): JobContext<Connection> {
    const { lease } = this.#owner;
    const { name } = this.#job;
    return {
      job: name,
      scheduledFor: new Date(this.#scheduledFor),
      attempt: this.#attempts,
      fencingToken: lease.fencingToken,
      signal: this.#controller.signal,
      transaction: async <T>(work: (connection: Connection) => Awaitable<T>): Promise<T> => {
        const assertGoesOn = () => {
          if (this.#timeout !== null) throw this.#timeout;
          if (attempt.hasEnded) throw hasReturned(name);
        };
        assertGoesOn();
        return lease.transaction((connection) => {
          const given = work(connection);
          if (!isThenable(given)) return given;
          // While it waited, its time may have ended, or another attempt begun.
          return given.then((result) => {
            assertGoesOn();
            return result;
          });
        });
      },
    };
  }

  #outcome(failure: { readonly error: unknown } | null): FinishedRun['outcome'] {
    if (failure === null) return 'succeeded';
    return this.#isObedience(failure.error) ? 'stopped' : 'failed';
  }

  /** Whether the run ended by an error because it was told to end: no failure of the job, and nothing to tell anybody. */
  #isObedience(error: unknown): boolean {
    const { aborted, reason } = this.#controller.signal;
    if (!aborted) return false;
    try {
      const cause = error instanceof Error ? error.cause : undefined;
      return [error, cause].some(
        (each) =>
          each === reason ||
          (each instanceof Error && each.name === 'AbortError') ||
          (each instanceof LeaseLostError && this.#owner.lease.signal.aborted),
      );
    } catch {
      // Of an error that throws when it is looked at.
      return false;
    }
  }

  /** Only the first end counts. */
  #finish(outcome: FinishedRun['outcome'], error: unknown): void {
    if (this.#recorded !== null) return;
    const { ledger, lease, report } = this.#owner;
    const { name } = this.#job;
    const run: FinishedRun = {
      job: name,
      scheduledFor: this.#scheduledFor,
      outcome,
      attempts: this.#attempts,
      error: outcome === 'succeeded' ? null : describe(error),
    };
    if (outcome === 'failed' || outcome === 'timed-out') report(error, name);
    this.#recorded = untilRecorded(this.#owner, name, () => ledger.finish(lease, run)).then(
      (result) => {
        if (result === null) return;
        publish('onehost:job-run', {
          job: name,
          scheduledFor: run.scheduledFor,
          ticks: 1,
          outcome,
          error,
        });
      },
    );
  }
}

function hasReturned(job: string): RunEndedError {
  return new RunEndedError(
    `The run of the job "${job}" has returned, or its attempt has failed, and a context.transaction of it was not committed by then. Nothing was written by it. ` +
      'Await everything that a job begins before it returns, also when a part of it fails (Promise.allSettled).',
  );
}

function describe(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'something that cannot be shown as text';
  }
}
