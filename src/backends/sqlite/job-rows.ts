import type { Database } from 'better-sqlite3';
import { sql } from 'kysely';
import type { JobRow, RunRow } from '../../job-keeping/ledger-records.ts';
import { prepare, statement } from './statement.ts';

/** A job that is registered for the first time. */
type NewJob = Omit<JobRow, 'prunedUntil'> & { readonly registeredAt: number };

/** What ends the run that one term began. */
export type EndedRow = Pick<
  RunRow,
  'job' | 'scheduledFor' | 'fencingToken' | 'outcome' | 'attempts' | 'endedAt' | 'error'
>;

/** Ticks that come right after others of the same term that did not run either. */
export type ExtendedRow = Pick<
  RunRow,
  'job' | 'lastScheduledFor' | 'ticks' | 'outcome' | 'fencingToken' | 'endedAt'
> & {
  /** Up to where the ticks of the job have been dealt with before these. */
  readonly handledUntil: number;
};

/**
 * The most runs that one write deletes. More than one are to go only after `keptRuns` was lowered, and then no single write is to hold
 * the lock for all of them.
 */
const PRUNED_AT_ONCE = 100;

const RUNNING = sql.lit('running' as const);

const JOB_COLUMNS = [
  'name',
  'lease',
  'schedule',
  'handled_until as handledUntil',
  'pruned_until as prunedUntil',
] as const;

const selectJob = statement<{ name: string }>()((db, param) =>
  db.selectFrom('onehost_jobs').select(JOB_COLUMNS).where('name', '=', param('name')),
);

const selectJobs = statement()((db) =>
  db.selectFrom('onehost_jobs').select(JOB_COLUMNS).orderBy('name'),
);

const insertJob = statement<NewJob>()((db, param) =>
  db.insertInto('onehost_jobs').values({
    name: param('name'),
    lease: param('lease'),
    schedule: param('schedule'),
    handled_until: param('handledUntil'),
    registered_at: param('registeredAt'),
  }),
);

const updateSchedule = statement<Pick<JobRow, 'name' | 'schedule'>>()((db, param) =>
  db
    .updateTable('onehost_jobs')
    .set({ schedule: param('schedule') })
    .where('name', '=', param('name')),
);

const updateHandledUntil = statement<Pick<JobRow, 'name' | 'handledUntil'>>()((db, param) =>
  db
    .updateTable('onehost_jobs')
    .set({ handled_until: param('handledUntil') })
    .where('name', '=', param('name')),
);

const selectRuns = statement<{ job: string; limit: number }>()((db, param) =>
  db
    .selectFrom('onehost_job_runs')
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
    .where('job', '=', param('job'))
    .orderBy('scheduled_for', 'desc')
    .limit(param('limit')),
);

const insertRun = statement<RunRow>()((db, param) =>
  db
    .insertInto('onehost_job_runs')
    .values({
      job: param('job'),
      scheduled_for: param('scheduledFor'),
      last_scheduled_for: param('lastScheduledFor'),
      ticks: param('ticks'),
      outcome: param('outcome'),
      attempts: param('attempts'),
      instance: param('instance'),
      fencing_token: param('fencingToken'),
      started_at: param('startedAt'),
      ended_at: param('endedAt'),
      error: param('error'),
    })
    .onConflict((conflict) => conflict.columns(['job', 'scheduled_for']).doNothing()),
);

const updateEnded = statement<EndedRow>()((db, param) =>
  db
    .updateTable('onehost_job_runs')
    .set({
      outcome: param('outcome'),
      attempts: param('attempts'),
      ended_at: param('endedAt'),
      error: param('error'),
    })
    .where('job', '=', param('job'))
    .where('scheduled_for', '=', param('scheduledFor'))
    .where('outcome', '=', RUNNING)
    .where('fencing_token', '=', param('fencingToken')),
);

const updateExtended = statement<ExtendedRow>()((db, param) =>
  db
    .updateTable('onehost_job_runs')
    .set((eb) => ({
      last_scheduled_for: param('lastScheduledFor'),
      ticks: eb('ticks', '+', param('ticks')),
      ended_at: param('endedAt'),
    }))
    .where('job', '=', param('job'))
    .where('scheduled_for', '=', (eb) =>
      eb
        .selectFrom('onehost_job_runs')
        .select('scheduled_for')
        .where('job', '=', param('job'))
        .where('scheduled_for', '<=', param('handledUntil'))
        .orderBy('scheduled_for', 'desc')
        .limit(sql.lit(1)),
    )
    .where('last_scheduled_for', '=', param('handledUntil'))
    .where('outcome', '=', param('outcome'))
    .where('fencing_token', '=', param('fencingToken')),
);

const updateAbandoned = statement<{ lease: string; fencingToken: number; endedAt: number }>()(
  (db, param) =>
    db
      .updateTable('onehost_job_runs')
      .set({ outcome: sql.lit('abandoned' as const), ended_at: param('endedAt') })
      .where('outcome', '=', RUNNING)
      .where('fencing_token', '<', param('fencingToken'))
      .where('job', 'in', (eb) =>
        eb.selectFrom('onehost_jobs').select('name').where('lease', '=', param('lease')),
      ),
);

const deletePastKept = statement<{ job: string; keptRuns: number }>()((db, param) => {
  const ended = db
    .selectFrom('onehost_job_runs')
    .select('scheduled_for')
    .where('job', '=', param('job'))
    .where('outcome', '!=', RUNNING);
  return db
    .deleteFrom('onehost_job_runs')
    .where('job', '=', param('job'))
    .where(
      'scheduled_for',
      '<=',
      ended.orderBy('scheduled_for', 'desc').limit(sql.lit(1)).offset(param('keptRuns')),
    )
    .where('scheduled_for', 'in', ended.orderBy('scheduled_for').limit(sql.lit(PRUNED_AT_ONCE)));
});

/** The statements on the jobs and their ticks, prepared. */
export class JobRows {
  readonly #select;
  readonly #selectAll;
  readonly #insert;
  readonly #reschedule;
  readonly #handle;
  readonly #selectRuns;
  readonly #insertRun;
  readonly #end;
  readonly #extend;
  readonly #abandon;
  readonly #prune;

  constructor(connection: Database) {
    this.#select = prepare(connection, selectJob);
    this.#selectAll = prepare(connection, selectJobs);
    this.#insert = prepare(connection, insertJob);
    this.#reschedule = prepare(connection, updateSchedule);
    this.#handle = prepare(connection, updateHandledUntil);
    this.#selectRuns = prepare(connection, selectRuns);
    this.#insertRun = prepare(connection, insertRun);
    this.#end = prepare(connection, updateEnded);
    this.#extend = prepare(connection, updateExtended);
    this.#abandon = prepare(connection, updateAbandoned);
    this.#prune = prepare(connection, deletePastKept);
  }

  find(name: string): JobRow | undefined {
    return this.#select.get({ name });
  }

  list(): JobRow[] {
    return this.#selectAll.all({});
  }

  add(job: NewJob): void {
    this.#insert.run(job);
  }

  reschedule(name: string, schedule: string): void {
    this.#reschedule.run({ name, schedule });
  }

  /** Ticks up to then have been dealt with, and none after. */
  handleUntil(name: string, handledUntil: number): void {
    this.#handle.run({ name, handledUntil });
  }

  /** The newest tick first. */
  runs(job: string, limit: number): RunRow[] {
    return this.#selectRuns.all({ job, limit });
  }

  /** Whether the tick had no row yet. */
  addRun(run: RunRow): boolean {
    return this.#insertRun.run(run).changes > 0;
  }

  /** Whether the term had a run of this tick that was not over. */
  endRun(run: EndedRow): boolean {
    return this.#end.run(run).changes > 0;
  }

  /** Whether the tick dealt with last is in a row that stands for these ones too now. */
  extendRun(run: ExtendedRow): boolean {
    return this.#extend.run(run).changes > 0;
  }

  /** Ends the runs of earlier terms of the lease, whatever their job. */
  abandonRuns(lease: string, fencingToken: number, endedAt: number): void {
    this.#abandon.run({ lease, fencingToken, endedAt });
  }

  /** Deletes the oldest of the runs that are over, but for the newest `keptRuns`. */
  prune(job: string, keptRuns: number): void {
    this.#prune.run({ job, keptRuns });
  }
}
