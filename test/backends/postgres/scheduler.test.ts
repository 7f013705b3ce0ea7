import { setTimeout as wait } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Job,
  type JobContext,
  type JobRun,
  RunEndedError,
  Scheduler,
} from '../../../src/index.ts';
import { openPostgres, PostgresJobLedger, PostgresLeaseStore } from '../../../src/postgres.ts';
import { eventually } from '../../support/eventually.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';

interface AppTables {
  readonly effects: { readonly attempt: number };
}
type AppTransaction = Transaction<AppTables>;

describe.skipIf(lacksPostgres)('a job whose transaction in PostgreSQL takes its time', () => {
  let server: PostgresServer;
  let admin: pg.Pool;
  let ledger: PostgresJobLedger<AppTables>;
  let scheduler: Scheduler<AppTransaction>;
  let schemas = 0;

  beforeAll(async () => {
    server = await PostgresServer.start();
    admin = server.pool();
    await admin.query('create table effects (attempt integer not null)');
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    await admin.query('truncate effects');
    const schema = `scheduler_${++schemas}`;
    const postgres = await openPostgres(server.pool(), { schema, listen: false });
    const leases = new PostgresLeaseStore<AppTables>(postgres);
    ledger = new PostgresJobLedger<AppTables>(postgres);
    scheduler = new Scheduler<AppTransaction>({ leases, ledger, onError: () => {} });
    return async () => {
      await scheduler.stop();
      await leases.close();
    };
  });

  /** What became of the first tick, which alone is given to `run`, once it is recorded. */
  async function runOnce(
    options: Partial<Job<AppTransaction>>,
    run: (context: JobContext<AppTransaction>) => Promise<void>,
  ): Promise<JobRun> {
    let first: number | undefined;
    scheduler
      .add({
        name: 'job',
        everySeconds: 1,
        ...options,
        run: async (context: JobContext<AppTransaction>) => {
          first ??= +context.scheduledFor;
          if (+context.scheduledFor === first) await run(context);
        },
      } as Job<AppTransaction>)
      .start();
    return eventually(async () => {
      const [recorded] = (await ledger.runs('job')).filter(
        ({ scheduledFor, outcome }) => +scheduledFor === first && outcome !== 'running',
      );
      if (recorded === undefined) throw new Error('It has not been recorded yet.');
      return recorded;
    });
  }

  const effects = async () =>
    (await admin.query('select attempt from effects')).rows.map(({ attempt }) => attempt);

  const write = ({ attempt, transaction }: JobContext<AppTransaction>, milliseconds: number) =>
    transaction(async (connection) => {
      await connection.insertInto('effects').values({ attempt }).execute();
      await wait(milliseconds);
    });

  test('writes nothing when the time of the run is over before its commit', async () => {
    const written: Promise<unknown>[] = [];
    const recorded = await runOnce({ timeoutSeconds: 0.3 }, async (context) => {
      written.push(write(context, 600).catch((error) => error));
      await written[0];
    });
    expect(recorded.outcome).toBe('timed-out');
    expect(await Promise.all(written)).toEqual([expect.any(RunEndedError)]);
    expect(await effects()).toEqual([]);
  });

  test('writes nothing for an attempt that has failed before its commit, while the next one writes', async () => {
    const written: Promise<unknown>[] = [];
    const retry = { attempts: 2, delaySeconds: 0 };
    const recorded = await runOnce({ retry }, async (context) => {
      const writing = write(context, 200);
      written.push(writing.catch((error) => error));
      if (context.attempt === 1) throw new Error('of another part of it');
      await writing;
    });
    expect(recorded).toMatchObject({ outcome: 'succeeded', attempts: 2 });
    expect(await Promise.all(written)).toEqual([expect.any(RunEndedError), undefined]);
    expect(await effects()).toEqual([2]);
  });
});
