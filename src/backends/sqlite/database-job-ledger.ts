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
import { type JobRow, summariseRun } from '../../job-keeping/ledger-records.ts';
import {
  assertOfLease,
  describeLease,
  partlyHandled,
  unknownJob,
} from '../../job-keeping/ledger-refusals.ts';
import { assertDatabase, type Durability, type OnehostDatabase } from './database.ts';
import { DatabaseLease } from './database-lease.ts';
import { JobRows } from './job-rows.ts';
import type { TransactionConnection } from './transaction-connection.ts';

/** What SQLite takes for "all". */
const NO_LIMIT = -1;

export interface DatabaseJobLedgerOptions {
  /**
   * How many runs of each job are kept once they are over, the newest ticks of them; an integer from 1 to 100,000, 1,000 by default.
   * Ticks that were missed or skipped together count as one. What is still running is kept on top.
   *
   * Each run that ends reads past that many rows: 0.05 ms at 1,000, 0.5 ms at 10,000, 13 ms at 100,000. After it was lowered, each
   * write deletes up to 100 of those that are too many.
   */
  readonly keptRuns?: number | undefined;
}

/**
 * The ticks of the jobs in an SQLite file, for the processes of this host that opened it.
 *
 * It is written under leases of a `DatabaseLeaseStore` on the same `OnehostDatabase`.
 *
 * Its methods answer at once. On top of what the contract says they throw `InvalidNameError` or `InvalidOptionError` for an
 * argument that cannot be meant, `InvalidTransactionError` inside `lease.transaction`, and what reading and writing the file throws:
 * `DatabaseBusyError` and the like.
 */
export class DatabaseJobLedger implements JobLedger<TransactionConnection> {
  readonly #database: OnehostDatabase;
  readonly #rows: JobRows;
  readonly #keptRuns: number;

  /** @throws InvalidOptionError */
  constructor(database: OnehostDatabase, options: DatabaseJobLedgerOptions = {}) {
    assertDatabase('DatabaseJobLedger', database);
    assertKnownOptions('DatabaseJobLedger', options, ['keptRuns']);
    this.#database = database;
    this.#rows = database.read(() => new JobRows(database.connection));
    this.#keptRuns = readKeptRuns(options.keptRuns);
  }

  /** See the contract. Runs that the present term has begun go on. */
  register(lease: Lease<TransactionConnection>, job: JobRegistration): Registered {
    const { name } = job;
    assertName('job', name);
    const schedule = readText('schedule', job.schedule);
    const startAt = readTime('startAt', job.startAt);
    return this.#write(lease, 'process-crash', (now) => {
      const known = this.#rows.find(name);
      if (known !== undefined) assertOfLease(known, lease);
      const isReplaced = known !== undefined && known.schedule !== schedule;
      if (known === undefined) {
        const { name: of } = lease;
        this.#rows.add({ name, lease: of, schedule, handledUntil: startAt, registeredAt: now });
      } else if (isReplaced) {
        this.#rows.reschedule(name, schedule);
      }
      this.#rows.abandonRuns(lease.name, lease.fencingToken, now);
      this.#rows.prune(name, this.#keptRuns);
      return {
        handledUntil: new Date(known?.handledUntil ?? startAt),
        replacedSchedule: isReplaced ? known.schedule : null,
      };
    });
  }

  /**
   * See the contract. The run is recorded with one attempt, which is being made. Its record outlives a power cut, for the price of
   * an fsync (0.2 ms in place of 0.04 on the disk it was measured on): otherwise the tick would run again after it.
   *
   * @throws InvalidJobError when the job is not registered.
   */
  begin(lease: Lease<TransactionConnection>, job: string, scheduledFor: Date): boolean {
    assertName('job', job);
    const tick = readTime('scheduledFor', scheduledFor);
    return this.#write(lease, 'power-loss', (now) => {
      if (tick <= this.#find(job, lease).handledUntil) return false;
      this.#rows.handleUntil(job, tick);
      return this.#rows.addRun({
        job,
        scheduledFor: tick,
        lastScheduledFor: tick,
        ticks: 1,
        outcome: 'running',
        attempts: 1,
        instance: lease.holder.id,
        fencingToken: lease.fencingToken,
        startedAt: now,
        endedAt: null,
        error: null,
      });
    });
  }

  finish(lease: Lease<TransactionConnection>, run: FinishedRun): void {
    const finished = readFinishedRun(run);
    this.#write(lease, 'process-crash', (now) => {
      const { fencingToken } = lease;
      const isEnded = this.#rows.endRun({ ...finished, fencingToken, endedAt: now });
      if (isEnded) this.#rows.prune(finished.job, this.#keptRuns);
    });
  }

  /**
   * See the contract. The ticks lie all before or all after what has been dealt with: how many of them come after it cannot be
   * told from their number, and a row with the wrong one would be a lie.
   *
   * @throws InvalidJobError when the job is not registered.
   * @throws InvalidOptionError when some have been dealt with and some have not; nothing was written.
   */
  recordUnrun(lease: Lease<TransactionConnection>, unrun: UnrunTicks): void {
    const { job, outcome, first, last, ticks } = readUnrunTicks(unrun);
    this.#write(lease, 'power-loss', (now) => {
      const { handledUntil } = this.#find(job, lease);
      if (last <= handledUntil) return;
      if (first <= handledUntil) throw partlyHandled({ job, first, last }, handledUntil);
      this.#rows.handleUntil(job, last);
      const { fencingToken } = lease;
      const added = { job, lastScheduledFor: last, ticks, outcome, fencingToken, endedAt: now };
      if (this.#rows.extendRun({ ...added, handledUntil })) return;
      this.#rows.addRun({
        ...added,
        scheduledFor: first,
        attempts: 0,
        instance: lease.holder.id,
        startedAt: now,
        error: null,
      });
      this.#rows.prune(job, this.#keptRuns);
    });
  }

  /** @throws InvalidJobError when the job is not registered. */
  rewind(lease: Lease<TransactionConnection>, rewound: RewoundJob): Date {
    const { job } = rewound;
    assertName('job', job);
    const to = readTime('to', rewound.to);
    return this.#write(lease, 'power-loss', () => {
      const { handledUntil, prunedUntil } = this.#find(job, lease);
      const until = Math.min(handledUntil, Math.max(to, prunedUntil ?? to));
      this.#rows.handleUntil(job, until);
      return new Date(until);
    });
  }

  /** See the contract. All that are kept, unless `limit` says how many at most, from 1; none of a job that is not known. */
  runs(job: string, options: { readonly limit?: number | undefined } = {}): JobRun[] {
    assertName('job', job);
    const limit = readLimit(options) ?? NO_LIMIT;
    return this.#database.read(() => this.#rows.runs(job, limit)).map(summariseRun);
  }

  jobs(): JobSummary[] {
    const rows = this.#database.read(() => this.#rows.list());
    return rows.map(({ name, schedule, handledUntil }) => ({
      name,
      schedule,
      handledUntil: new Date(handledUntil),
    }));
  }

  #write<T>(
    lease: Lease<TransactionConnection>,
    durability: Durability,
    work: (now: number) => T,
  ): T {
    const database = this.#database;
    assertLeaseOf(database, lease);
    return lease.durably(durability, () =>
      // A transaction throws on what its work threw as it is, and `read` translates what SQLite throws.
      database.read(() => work(Math.floor(database.clock.now()))),
    );
  }

  /** @throws InvalidJobError */
  #find(name: string, lease: Lease): JobRow {
    const job = this.#rows.find(name);
    if (job === undefined) {
      throw unknownJob(name, this.#database.file);
    }
    assertOfLease(job, lease);
    return job;
  }
}

/** @throws InvalidOptionError */
function assertLeaseOf(database: OnehostDatabase, lease: unknown): asserts lease is DatabaseLease {
  if (!(lease instanceof DatabaseLease)) {
    throw new InvalidOptionError(
      `A DatabaseJobLedger is written under a lease of a DatabaseLeaseStore, but found ${describeLease(lease)}. ` +
        'Acquire it from new DatabaseLeaseStore(database), with the database of the ledger.',
    );
  }
  if (lease.database !== database) {
    throw new InvalidOptionError(
      `The lease "${lease.name}" was acquired on another open database (${lease.database.file}) than this DatabaseJobLedger is on (${database.file}): ` +
        'its fence would not guard what is written here. Build the DatabaseLeaseStore and the DatabaseJobLedger on what one openDatabase gave.',
    );
  }
}
