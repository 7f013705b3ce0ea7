import type { Transaction } from 'kysely';
import { InvalidOptionError } from '../../contract/errors/index.ts';
import type {
  FinishedRun,
  JobLedger,
  JobRegistration,
  JobRun,
  JobSummary,
  Registered,
  RewoundJob,
  UnrunTicks,
} from '../../contract/job-ledger.ts';
import type { Lease } from '../../contract/lease.ts';
import { assertName } from '../../contract/validate-arguments.ts';
import { assertKnownOptions } from '../../contract/validate-options.ts';
import {
  readFinishedRun,
  readKeptRuns,
  readLimit,
  readText,
  readTime,
  readUnrunTicks,
} from '../../job-keeping/ledger-arguments.ts';
import { type JobRow, type RunRow, summariseRun } from '../../job-keeping/ledger-records.ts';
import {
  assertOfLease,
  describeLease,
  partlyHandled,
  unknownJob,
} from '../../job-keeping/ledger-refusals.ts';
import { readTimeout } from '../../remote-sessions/remote-options.ts';
import type { Calls } from './calls.ts';
import { JobRows } from './job-rows.ts';
import { LeaseCalls, unavailable } from './lease-calls.ts';
import { assertPostgres, type OnehostPostgres } from './onehost-postgres.ts';
import { PostgresLease } from './postgres-lease.ts';
import { fromStored, toStored } from './stored-text.ts';

export interface PostgresJobLedgerOptions {
  /**
   * How many runs of each job are kept once they are over, the newest ticks of them; an integer from 1 to 100,000, 1,000 by default.
   * Ticks that were missed or skipped together count as one. What is still running is kept on top. After it was lowered, each
   * write deletes up to 100 of those that are too many.
   */
  readonly keptRuns?: number | undefined;
  /** How long a look at the ledger may take, 2 by default, at most 60; then it throws `LeaseStoreUnavailableError`. */
  readonly timeoutSeconds?: number | undefined;
}

/**
 * The ticks of the jobs in a PostgreSQL database, for all processes that reach it.
 *
 * It is written under leases of a `PostgresLeaseStore` on the same `OnehostPostgres`, each write in a transaction that the lease fences, and that is on
 * the server's disk when it returns. On top of what the contract says its methods throw `LeaseStoreUnavailableError` when the server cannot be asked in time.
 *
 * @typeParam DB that of the lease store.
 */
// biome-ignore lint/suspicious/noExplicitAny: without the app's types any table may be written, as with Kysely<any>.
export class PostgresJobLedger<DB = any> implements JobLedger<Transaction<DB>> {
  readonly #database: OnehostPostgres;
  readonly #calls: Calls;
  readonly #deadline: LeaseCalls;
  readonly #keptRuns: number;

  /** @throws InvalidOptionError, InvalidDurationError */
  constructor(database: OnehostPostgres, options: PostgresJobLedgerOptions = {}) {
    assertPostgres('PostgresJobLedger', database);
    assertKnownOptions('PostgresJobLedger', options, ['keptRuns', 'timeoutSeconds']);
    this.#database = database;
    this.#calls = database.calls(unavailable);
    this.#deadline = new LeaseCalls(database.clock, readTimeout(options.timeoutSeconds));
    this.#keptRuns = readKeptRuns(options.keptRuns);
  }

  /** See the contract. Runs that the present term has begun go on. */
  async register(lease: Lease<Transaction<DB>>, job: JobRegistration): Promise<Registered> {
    const { name } = job;
    assertName('job', name);
    const schedule = readText('schedule', job.schedule);
    const startAt = readTime('startAt', job.startAt);
    return this.#write(lease, async (rows) => {
      const isNew = await rows.add({ name, lease: lease.name, schedule, handledUntil: startAt });
      const known = isNew ? undefined : await this.#find(rows, name, lease);
      const isReplaced = known !== undefined && known.schedule !== schedule;
      if (isReplaced) await rows.reschedule(name, schedule);
      await rows.abandonRuns(lease.name, lease.fencingToken);
      await rows.prune(name, this.#keptRuns);
      return {
        handledUntil: new Date(known?.handledUntil ?? startAt),
        replacedSchedule: isReplaced ? known.schedule : null,
      };
    });
  }

  /** See the contract. The run is recorded with one attempt, which is being made. */
  async begin(lease: Lease<Transaction<DB>>, job: string, scheduledFor: Date): Promise<boolean> {
    assertName('job', job);
    const tick = readTime('scheduledFor', scheduledFor);
    return this.#write(lease, async (rows) => {
      const { handledUntil } = await this.#find(rows, job, lease);
      if (tick <= handledUntil) return false;
      await rows.handleUntil(job, tick);
      const run = {
        job,
        scheduledFor: tick,
        lastScheduledFor: tick,
        ticks: 1,
        outcome: 'running',
        attempts: 1,
        instance: lease.holder.id,
        fencingToken: lease.fencingToken,
        error: null,
      } as const;
      return rows.addRun(run, false);
    });
  }

  async finish(lease: Lease<Transaction<DB>>, run: FinishedRun): Promise<void> {
    const finished = readFinishedRun(run);
    await this.#write(lease, async (rows) => {
      const { fencingToken } = lease;
      // The job is locked first, by everybody: to delete a run changes it, too.
      await rows.find(finished.job);
      const isEnded = await rows.endRun({ ...finished, fencingToken });
      if (isEnded) await rows.prune(finished.job, this.#keptRuns);
    });
  }

  /**
   * See the contract. The ticks lie all before or all after what has been dealt with: how many of them come after it cannot be
   * told from their number, and a row with the wrong one would be a lie.
   */
  async recordUnrun(lease: Lease<Transaction<DB>>, unrun: UnrunTicks): Promise<void> {
    const { job, outcome, first, last, ticks } = readUnrunTicks(unrun);
    await this.#write(lease, async (rows) => {
      const { handledUntil } = await this.#find(rows, job, lease);
      if (last <= handledUntil) return;
      if (first <= handledUntil) throw partlyHandled({ job, first, last }, handledUntil);
      await rows.handleUntil(job, last);
      const { fencingToken } = lease;
      const added = { job, lastScheduledFor: last, ticks, outcome, fencingToken };
      if (await rows.extendRun({ ...added, handledUntil })) return;
      const instance = lease.holder.id;
      await rows.addRun(
        { ...added, scheduledFor: first, attempts: 0, instance, error: null },
        true,
      );
      await rows.prune(job, this.#keptRuns);
    });
  }

  async rewind(lease: Lease<Transaction<DB>>, rewound: RewoundJob): Promise<Date> {
    const { job } = rewound;
    assertName('job', job);
    const to = readTime('to', rewound.to);
    return this.#write(lease, async (rows) => {
      const { handledUntil, prunedUntil } = await this.#find(rows, job, lease);
      const until = Math.min(handledUntil, Math.max(to, prunedUntil ?? to));
      await rows.handleUntil(job, until);
      return new Date(until);
    });
  }

  /** See the contract. All that are kept, unless `limit` says how many at most, from 1; none of a job that is not known. */
  async runs(
    job: string,
    options: { readonly limit?: number | undefined } = {},
  ): Promise<JobRun[]> {
    assertName('job', job);
    const limit = readLimit(options);
    const query = this.#database.tables
      .selectFrom('job_runs')
      .select([
        'job',
        'scheduled_for as scheduledFor',
        'last_scheduled_for as lastScheduledFor',
        'ticks',
        'outcome',
        'attempts',
        'instance',
        'fencing_token as fencingToken',
        'started_at as startedAt',
        'ended_at as endedAt',
        'error',
      ])
      .where('job', '=', toStored(job))
      .orderBy('scheduled_for', 'desc')
      .$if(limit !== null, (all) => all.limit(limit ?? 0))
      .compile();
    const rows = await this.#deadline.within((signal) => this.#calls.run(query, signal));
    return rows.map((row) => summariseRun(readRun(row)));
  }

  async jobs(): Promise<JobSummary[]> {
    const query = this.#database.tables
      .selectFrom('jobs')
      .select(['name', 'schedule', 'handled_until as handledUntil'])
      .orderBy('name')
      .compile();
    const rows = await this.#deadline.within((signal) => this.#calls.run(query, signal));
    return rows.map(({ name, schedule, handledUntil }) => ({
      name: fromStored(name),
      schedule: fromStored(schedule),
      handledUntil: new Date(handledUntil),
    }));
  }

  async #write<T>(lease: Lease<Transaction<DB>>, work: (rows: JobRows) => Promise<T>): Promise<T> {
    const database = this.#database;
    assertLeaseOf(database, lease);
    return lease.recording((transaction) => work(new JobRows(transaction, database.now)));
  }

  /** @throws InvalidJobError */
  async #find(rows: JobRows, name: string, lease: Lease): Promise<JobRow> {
    const job = await rows.find(name);
    if (job === undefined) throw unknownJob(name, `the schema "${this.#database.schema}"`);
    assertOfLease(job, lease);
    return job;
  }
}

/** @throws InvalidOptionError */
function assertLeaseOf(database: OnehostPostgres, lease: unknown): asserts lease is PostgresLease {
  if (!(lease instanceof PostgresLease)) {
    throw new InvalidOptionError(
      `A PostgresJobLedger is written under a lease of a PostgresLeaseStore, but found ${describeLease(lease)}. ` +
        'Acquire it from new PostgresLeaseStore(postgres), with what openPostgres gave to the ledger.',
    );
  }
  if (lease.database !== database) {
    throw new InvalidOptionError(
      `The lease "${lease.name}" was acquired by way of another openPostgres (schema "${lease.database.schema}") than this PostgresJobLedger (schema "${database.schema}"): ` +
        'its fence might not guard what is written here. Build the PostgresLeaseStore and the PostgresJobLedger on what one openPostgres gave.',
    );
  }
}

function readRun(row: RunRow): RunRow {
  return {
    ...row,
    job: fromStored(row.job),
    error: row.error === null ? null : fromStored(row.error),
  };
}
