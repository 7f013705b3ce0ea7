import { InvalidOptionError } from '../../contract/errors/index.ts';
import type {
  FinishedRun,
  JobLedger,
  JobRegistration,
  JobRun,
  JobSummary,
  Registered,
  RewoundJob,
  RunOutcome,
  UnrunTicks,
} from '../../contract/job-ledger.ts';
import type { Lease } from '../../contract/lease.ts';
import { assertName } from '../../contract/validate-arguments.ts';
import { assertHasMethod, assertKnownOptions } from '../../contract/validate-options.ts';
import {
  readFinishedRun,
  readKeptRuns,
  readLimit,
  readText,
  readTime,
  readUnrunTicks,
} from '../../job-keeping/ledger-arguments.ts';
import { summariseRun } from '../../job-keeping/ledger-records.ts';
import {
  assertOfLease,
  describeLease,
  partlyHandled,
  unknownJob,
} from '../../job-keeping/ledger-refusals.ts';
import {
  beginRun,
  endRun,
  readJobs,
  readRuns,
  recordUnrun,
  registerJob,
  rewindJob,
} from './job-scripts.ts';
import type { LeaseServer } from './lease-server.ts';
import { RedisLease } from './redis-lease.ts';
import type { RedisLeaseStore } from './redis-lease-store.ts';
import type { Script } from './script.ts';

export interface RedisJobLedgerOptions {
  /**
   * How many runs of each job are kept once they are over, the newest ticks of them; an integer from 1 to 100,000, 1,000 by default. Ticks that were missed or
   * skipped together count as one. What is still running is kept on top.
   */
  readonly keptRuns?: number | undefined;
}

/**
 * The ticks of the jobs in Redis, beside the leases of a `RedisLeaseStore` and under its prefix. Each write looks, in the script that makes it, whether the term is the
 * current one. That no tick begins twice holds as far as the server keeps its data: docs/redis.md.
 *
 * On top of what the contract says its methods throw `InvalidNameError` or `InvalidOptionError` for an argument that cannot be meant, and what its lease store
 * throws.
 */
export class RedisJobLedger implements JobLedger<never> {
  readonly #server: LeaseServer;
  readonly #keptRuns: number;

  /** @throws InvalidOptionError */
  constructor(leases: RedisLeaseStore, options: RedisJobLedgerOptions = {}) {
    assertHasMethod('leases', leases, {
      method: 'tryAcquire',
      what: 'a RedisLeaseStore',
      remedy: 'Pass the one whose leases the jobs run under.',
    });
    assertKnownOptions('RedisJobLedger', options, ['keptRuns']);
    this.#server = leases.server;
    this.#keptRuns = readKeptRuns(options.keptRuns);
  }

  async register(lease: Lease<never>, job: JobRegistration): Promise<Registered> {
    const { name } = job;
    assertName('job', name);
    const schedule = readText('schedule', job.schedule);
    const startAt = readTime('startAt', job.startAt);
    const [handledUntil, isReplaced, replaced] = await this.#write(lease, name, registerJob, [
      name,
      schedule,
      String(startAt),
      String(this.#keptRuns),
    ]);
    return {
      handledUntil: new Date(Number(handledUntil)),
      replacedSchedule: isReplaced === 1 ? String(replaced) : null,
    };
  }

  /** @throws InvalidJobError when the job is not registered. */
  async begin(lease: Lease<never>, job: string, scheduledFor: Date): Promise<boolean> {
    assertName('job', job);
    const tick = readTime('scheduledFor', scheduledFor);
    const [hasBegun] = await this.#write(lease, job, beginRun, [job, String(tick)]);
    return hasBegun === 1;
  }

  async finish(lease: Lease<never>, run: FinishedRun): Promise<void> {
    const { job, scheduledFor, outcome, attempts, error } = readFinishedRun(run);
    const args = [job, scheduledFor, outcome, attempts, this.#keptRuns].map(String);
    await this.#write(lease, job, endRun, error === null ? args : [...args, error]);
  }

  /** @throws InvalidJobError when the job is not registered; InvalidOptionError when some have been dealt with and some have not. */
  async recordUnrun(lease: Lease<never>, unrun: UnrunTicks): Promise<void> {
    const ticks = readUnrunTicks(unrun);
    const { job, first, last, outcome } = ticks;
    const args = [job, first, last, ticks.ticks, outcome, this.#keptRuns].map(String);
    await this.#write(lease, job, recordUnrun, args, (handledUntil) =>
      partlyHandled(ticks, handledUntil),
    );
  }

  /** @throws InvalidJobError when the job is not registered. */
  async rewind(lease: Lease<never>, rewound: RewoundJob): Promise<Date> {
    const { job } = rewound;
    assertName('job', job);
    const to = readTime('to', rewound.to);
    const [handledUntil] = await this.#write(lease, job, rewindJob, [job, String(to)]);
    return new Date(Number(handledUntil));
  }

  /** See the contract. All that are kept, unless `limit` says how many at most, from 1; none of a job that is not known. */
  async runs(
    job: string,
    options: { readonly limit?: number | undefined } = {},
  ): Promise<JobRun[]> {
    assertName('job', job);
    const limit = readLimit(options);
    const last = limit === null ? -1 : limit - 1;
    const found = (await this.#server.run(readRuns, [job, String(last)])) as string[];
    const runs: JobRun[] = [];
    for (let at = 0; at < found.length; at += 2) {
      runs.push(readRecord(job, found[at] as string, found[at + 1] as string));
    }
    return runs;
  }

  async jobs(): Promise<JobSummary[]> {
    const found = (await this.#server.run(readJobs, [])) as string[];
    const jobs: JobSummary[] = [];
    for (let at = 0; at < found.length; at += 3) {
      const [name, schedule, handledUntil] = found.slice(at, at + 3) as [string, string, string];
      jobs.push({ name, schedule, handledUntil: new Date(Number(handledUntil)) });
    }
    return jobs.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** What the script answers besides that it is done. @throws what it refused */
  async #write(
    lease: Lease<never>,
    job: string,
    script: Script,
    args: readonly string[],
    partly: (handledUntil: number) => Error = () => new TypeError('No ticks were given.'),
  ): Promise<readonly unknown[]> {
    this.#assertLease(lease);
    const [answer, ...rest] = await lease.write(script, args);
    if (answer === 'unknown') throw unknownJob(job, this.#server.name);
    if (answer === 'other') assertOfLease({ name: job, lease: String(rest[0]) }, lease);
    if (answer === 'partly') throw partly(Number(rest[0]));
    return rest;
  }

  /** @throws InvalidOptionError */
  #assertLease(lease: unknown): asserts lease is RedisLease {
    if (!(lease instanceof RedisLease)) {
      throw new InvalidOptionError(
        `A RedisJobLedger is written under a lease of a RedisLeaseStore, but found ${describeLease(lease)}. ` +
          'Acquire it from the store that the ledger was made with.',
      );
    }
    if (lease.server !== this.#server) {
      throw new InvalidOptionError(
        `The lease "${lease.name}" was acquired from another RedisLeaseStore (${lease.server.name}) than this RedisJobLedger was made with ` +
          `(${this.#server.name}): its fence need not guard what is written here. Use the store that the ledger was made with.`,
      );
    }
  }
}

/** A record of `runs:<job>`; its numbers are strings. */
function readRecord(job: string, tick: string, json: string): JobRun {
  const record = JSON.parse(json) as Record<string, string | undefined>;
  return summariseRun({
    job,
    scheduledFor: Number(tick),
    lastScheduledFor: Number(record['last']),
    ticks: Number(record['ticks']),
    outcome: record['outcome'] as RunOutcome,
    attempts: Number(record['attempts']),
    instance: record['instance'] ?? '',
    fencingToken: Number(record['token']),
    startedAt: Number(record['started']),
    endedAt: record['ended'] === undefined ? null : Number(record['ended']),
    error: record['error'] ?? null,
  });
}
