import { InvalidDurationError, InvalidJobError } from '../contract/errors/index.ts';
import { assertDuration, assertName, describeType } from '../contract/validate-arguments.ts';
import { assertInteger, assertKnownOptions, assertOneOf } from '../contract/validate-options.ts';
import { CronSchedule } from './cron-schedule.ts';
import { IntervalSchedule } from './interval-schedule.ts';
import type { Job, JobContext, JobRetry } from './job.ts';
import type { Schedule } from './schedule.ts';

/** A {@link Job} with its defaults, in milliseconds. */
export interface ReadyJob<Connection = unknown> {
  readonly name: string;
  readonly schedule: Schedule;
  readonly misfire: 'skip' | 'latest' | 'all';
  readonly graceMilliseconds: number;
  readonly overlap: 'skip' | 'queue';
  readonly backlogLimit: number;
  /** `null` is without limit. */
  readonly timeoutMilliseconds: number | null;
  readonly retry: {
    readonly attempts: number;
    readonly delayMilliseconds: number;
    readonly factor: number;
  };
  readonly jitterMilliseconds: number;
  run(context: JobContext<Connection>): unknown;
}

const OPTIONS = [
  'name',
  'cron',
  'timeZone',
  'everySeconds',
  'misfire',
  'graceSeconds',
  'overlap',
  'backlogLimit',
  'timeoutSeconds',
  'retry',
  'jitterSeconds',
  'run',
];

/** @throws InvalidJobError, InvalidNameError, InvalidDurationError, InvalidOptionError */
export function readJob<Connection>(job: Job<Connection>): ReadyJob<Connection> {
  assertKnownOptions('A job', job, OPTIONS);
  const { name, misfire = 'latest', overlap = 'skip', backlogLimit = 100, timeoutSeconds } = job;
  assertName('job', name);
  const schedule = readSchedule(job);
  assertOneOf(`misfire of the job "${name}"`, misfire, ['skip', 'latest', 'all']);
  assertOneOf(`overlap of the job "${name}"`, overlap, ['skip', 'queue']);
  assertInteger(`backlogLimit of the job "${name}"`, backlogLimit, { least: 1, most: 10_000 });
  const { graceSeconds = misfire === 'skip' ? 10 : undefined, jitterSeconds = 0 } = job;
  if (graceSeconds !== undefined) assertWait(`graceSeconds of the job "${name}"`, graceSeconds);
  assertWait(`jitterSeconds of the job "${name}"`, jitterSeconds);
  if (timeoutSeconds !== undefined) {
    assertDuration(`timeoutSeconds of the job "${name}"`, timeoutSeconds);
  }
  if (typeof job.run !== 'function') {
    throw new InvalidJobError(
      `run of the job "${name}" must be a function, but found ${describeType(job.run)}.`,
    );
  }
  return {
    name,
    schedule,
    misfire,
    graceMilliseconds: (graceSeconds ?? Number.POSITIVE_INFINITY) * 1000,
    overlap,
    backlogLimit,
    timeoutMilliseconds: timeoutSeconds === undefined ? null : timeoutSeconds * 1000,
    retry: readRetry(name, job.retry ?? { attempts: 1 }),
    jitterMilliseconds: jitterSeconds * 1000,
    run: (context) => job.run(context),
  };
}

function readSchedule({ name, cron, timeZone, everySeconds }: Job): Schedule {
  if ((cron === undefined) === (everySeconds === undefined)) {
    throw new InvalidJobError(
      `The job "${name}" must have either cron or everySeconds, but found ${cron === undefined ? 'neither' : 'both'}.`,
    );
  }
  if (everySeconds === undefined) return new CronSchedule(name, cron, timeZone);
  if (timeZone !== undefined) {
    throw new InvalidJobError(
      `The job "${name}" has a timeZone, but everySeconds has none: its ticks are the same everywhere.`,
    );
  }
  return new IntervalSchedule(name, everySeconds);
}

function readRetry(name: string, retry: JobRetry): ReadyJob['retry'] {
  assertKnownOptions(`retry of the job "${name}"`, retry, ['attempts', 'delaySeconds', 'factor']);
  const { attempts, delaySeconds = 1, factor = 2 } = retry;
  assertInteger(`retry.attempts of the job "${name}"`, attempts, { least: 1, most: 100 });
  assertWait(`retry.delaySeconds of the job "${name}"`, delaySeconds);
  if (typeof factor !== 'number' || !Number.isFinite(factor) || factor < 1) {
    throw new InvalidJobError(
      `retry.factor of the job "${name}" must be a finite number of at least 1, but found ${String(factor)}.`,
    );
  }
  return { attempts, delayMilliseconds: delaySeconds * 1000, factor };
}

/** @throws InvalidDurationError unless `seconds` is a finite number of at least 0. */
function assertWait(of: string, seconds: unknown): asserts seconds is number {
  if (typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0) return;
  const found = typeof seconds === 'number' ? String(seconds) : describeType(seconds);
  throw new InvalidDurationError(
    `${of} must be a finite number of seconds, 0 or more, but found ${found}.`,
  );
}
