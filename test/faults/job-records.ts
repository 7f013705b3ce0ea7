import type { Database } from 'better-sqlite3';
import type { JobLedger, RunOutcome } from '../../src/index.ts';
import { withConnection } from '../support/sqlite-file.ts';

/** One record of the ledger. */
export interface Run {
  readonly first: number;
  readonly last: number;
  readonly ticks: number;
  readonly outcome: RunOutcome;
  readonly token: number;
}

/** What a run wrote into the table of the app. */
export interface Effect {
  readonly tick: number;
  readonly token: number;
}

/** What is left of all ticks when the processes are gone. */
export interface JobRecords {
  readonly registeredAt: number;
  readonly handledUntil: number;
  /** In the order of their ticks. */
  readonly runs: readonly Run[];
  /** In the order in which they were written. */
  readonly effects: readonly Effect[];
}

/** Of the app, and without a key: that a tick is written twice is to be seen, and not prevented. */
export const EFFECTS_TABLE = 'create table effects (tick bigint not null, token bigint not null)';

export function recordsInFile(file: string): JobRecords {
  return withConnection(file, (connection) => ({
    ...(connection
      .prepare(
        'select registered_at as registeredAt, handled_until as handledUntil from onehost_jobs',
      )
      .get() as { registeredAt: number; handledUntil: number }),
    runs: connection
      .prepare<[], Run>(
        `select scheduled_for as first, last_scheduled_for as last, ticks, outcome, fencing_token as token
         from onehost_job_runs order by scheduled_for`,
      )
      .all(),
    effects: effectsIn(connection),
  }));
}

export function effectsIn(connection: Database): Effect[] {
  return connection.prepare<[], Effect>('select tick, token from effects order by rowid').all();
}

/** By what the ledger tells whoever asks. When the job was registered it does not: what is lost before the first run goes unseen. */
export async function recordsOf(
  ledger: JobLedger,
  effects: readonly Effect[],
): Promise<JobRecords> {
  const [job] = await ledger.jobs();
  const runs = (await ledger.runs('job')).map(
    ({ scheduledFor, lastScheduledFor, ticks, outcome, fencingToken }) => ({
      first: scheduledFor.getTime(),
      last: lastScheduledFor.getTime(),
      ticks,
      outcome,
      token: fencingToken,
    }),
  );
  runs.sort((a, b) => a.first - b.first);
  const first = runs[0];
  if (job === undefined || first === undefined) throw new Error('No tick was ever run.');
  return {
    registeredAt: first.first - 1,
    handledUntil: job.handledUntil.getTime(),
    runs,
    effects,
  };
}
