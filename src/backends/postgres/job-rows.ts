import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { JobRow, RunRow } from '../../job-keeping/ledger-records.ts';
import type { PostgresSchema } from './schema.ts';
import { fromStored, toStored } from './stored-text.ts';

type Tables = Transaction<PostgresSchema>;

/** What a run begins with, and what a row of ticks that did not run is. */
export type AddedRow = Omit<RunRow, 'startedAt' | 'endedAt'>;

/** What ends the run that one term began. */
export type EndedRow = Pick<
  RunRow,
  'job' | 'scheduledFor' | 'fencingToken' | 'outcome' | 'attempts' | 'error'
>;

/** Ticks that come right after others of the same term that did not run either. */
export type ExtendedRow = Pick<
  RunRow,
  'job' | 'lastScheduledFor' | 'ticks' | 'outcome' | 'fencingToken'
> & {
  /** Up to where the ticks of the job have been dealt with before these. */
  readonly handledUntil: number;
};

/** The most runs that one write deletes, after `keptRuns` was lowered. */
const PRUNED_AT_ONCE = 100;

const RUNNING = sql.lit('running' as const);

/** The statements on the jobs and their ticks, in a transaction under the lease. */
export class JobRows {
  readonly #tables: Tables;
  readonly #now: RawBuilder<number>;

  constructor(tables: Tables, now: RawBuilder<number>) {
    this.#tables = tables;
    this.#now = now;
  }

  /** Locked until the end of the transaction: two calls of one holder at the same time come one after the other. */
  async find(name: string): Promise<JobRow | undefined> {
    const row = await this.#tables
      .selectFrom('jobs')
      .select([
        'name',
        'lease',
        'schedule',
        'handled_until as handledUntil',
        'pruned_until as prunedUntil',
      ])
      .where('name', '=', toStored(name))
      .forUpdate()
      .executeTakeFirst();
    return row && readJob(row);
  }

  /** Whether the job was new. Another transaction that adds it at the same time is waited for. */
  async add(job: Omit<JobRow, 'prunedUntil'>): Promise<boolean> {
    const added = await this.#tables
      .insertInto('jobs')
      .values({
        name: toStored(job.name),
        lease: toStored(job.lease),
        schedule: toStored(job.schedule),
        handled_until: job.handledUntil,
        registered_at: this.#now,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    return (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }

  async reschedule(name: string, schedule: string): Promise<void> {
    await this.#tables
      .updateTable('jobs')
      .set({ schedule: toStored(schedule) })
      .where('name', '=', toStored(name))
      .execute();
  }

  /** Ticks up to then have been dealt with, and none after. */
  async handleUntil(name: string, handledUntil: number): Promise<void> {
    await this.#tables
      .updateTable('jobs')
      .set({ handled_until: handledUntil })
      .where('name', '=', toStored(name))
      .execute();
  }

  /** Whether the tick had no row yet. @param isOver whether it has ended already. */
  async addRun(run: AddedRow, isOver: boolean): Promise<boolean> {
    const added = await this.#tables
      .insertInto('job_runs')
      .values({
        job: toStored(run.job),
        scheduled_for: run.scheduledFor,
        last_scheduled_for: run.lastScheduledFor,
        ticks: run.ticks,
        outcome: run.outcome,
        attempts: run.attempts,
        instance: run.instance,
        fencing_token: run.fencingToken,
        started_at: this.#now,
        ended_at: isOver ? this.#now : null,
        error: run.error,
      })
      .onConflict((conflict) => conflict.columns(['job', 'scheduled_for']).doNothing())
      .executeTakeFirst();
    return (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }

  /** Whether the term had a run of this tick that was not over. */
  async endRun(run: EndedRow): Promise<boolean> {
    const ended = await this.#tables
      .updateTable('job_runs')
      .set({
        outcome: run.outcome,
        attempts: run.attempts,
        ended_at: this.#now,
        error: run.error === null ? null : toStored(run.error),
      })
      .where('job', '=', toStored(run.job))
      .where('scheduled_for', '=', run.scheduledFor)
      .where('outcome', '=', RUNNING)
      .where('fencing_token', '=', run.fencingToken)
      .executeTakeFirst();
    return ended.numUpdatedRows > 0n;
  }

  /** Whether the tick dealt with last is in a row that stands for these ones too now. */
  async extendRun(run: ExtendedRow): Promise<boolean> {
    const job = toStored(run.job);
    const extended = await this.#tables
      .updateTable('job_runs')
      .set(({ eb }) => ({
        last_scheduled_for: run.lastScheduledFor,
        ticks: eb('ticks', '+', run.ticks),
        ended_at: this.#now,
      }))
      .where('job', '=', job)
      .where('scheduled_for', '=', (eb) =>
        eb
          .selectFrom('job_runs')
          .select('scheduled_for')
          .where('job', '=', job)
          .where('scheduled_for', '<=', run.handledUntil)
          .orderBy('scheduled_for', 'desc')
          .limit(sql.lit(1)),
      )
      .where('last_scheduled_for', '=', run.handledUntil)
      .where('outcome', '=', run.outcome)
      .where('fencing_token', '=', run.fencingToken)
      .executeTakeFirst();
    return extended.numUpdatedRows > 0n;
  }

  /** Ends the runs of earlier terms of the lease, whatever their job. */
  async abandonRuns(lease: string, fencingToken: number): Promise<void> {
    await this.#tables
      .updateTable('job_runs')
      .set({ outcome: 'abandoned', ended_at: this.#now })
      .where('outcome', '=', RUNNING)
      .where('fencing_token', '<', fencingToken)
      .where('job', 'in', (eb) =>
        eb.selectFrom('jobs').select('name').where('lease', '=', toStored(lease)),
      )
      .execute();
  }

  /** Deletes the oldest of the runs that are over, but for the newest `keptRuns`. */
  async prune(job: string, keptRuns: number): Promise<void> {
    const stored = toStored(job);
    const ended = this.#tables
      .selectFrom('job_runs')
      .select('scheduled_for')
      .where('job', '=', stored)
      .where('outcome', '!=', RUNNING);
    await this.#tables
      .deleteFrom('job_runs')
      .where('job', '=', stored)
      .where(
        'scheduled_for',
        '<=',
        ended.orderBy('scheduled_for', 'desc').limit(sql.lit(1)).offset(sql.lit(keptRuns)),
      )
      .where('scheduled_for', 'in', ended.orderBy('scheduled_for').limit(sql.lit(PRUNED_AT_ONCE)))
      .execute();
  }
}

function readJob(row: JobRow): JobRow {
  return {
    ...row,
    name: fromStored(row.name),
    lease: fromStored(row.lease),
    schedule: fromStored(row.schedule),
  };
}
