import type { Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { JobRows } from '../../../src/backends/sqlite/job-rows.ts';
import {
  DatabaseJobLedger,
  type DatabaseLease,
  DatabaseLeaseStore,
  type JobLedger,
  type Lease,
  type OnehostDatabase,
  openDatabase,
  type TransactionConnection,
} from '../../../src/index.ts';
import { jobLedgerConformance, ManualClock } from '../../../src/testing/index.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

// Each instance has a connection of its own to the same file, as another process has.
jobLedgerConformance(
  { describe, test },
  {
    name: 'DatabaseJobLedger',
    keptRuns: 5,
    createPlace: () => {
      const folder = new TemporaryFolder();
      const clock = new ManualClock();
      const opened: OnehostDatabase[] = [];
      return {
        openInstance: async () => {
          const database = await openDatabase(folder.file('jobs.db'), { clock });
          opened.push(database);
          return {
            leases: new DatabaseLeaseStore(database),
            ledger: new DatabaseJobLedger(database, { keptRuns: 5 }),
            stall: (seconds) => clock.stall(seconds),
          };
        },
        advance: (seconds) => clock.advance(seconds),
        setWallClockBy: (seconds) => clock.setWallClockBy(seconds),
        close: () => {
          for (const database of opened) database.close();
          folder[Symbol.dispose]();
        },
      };
    },
  },
);

let folder: TemporaryFolder;
let clock: ManualClock;
let database: OnehostDatabase;
let ledger: DatabaseJobLedger;
let lease: DatabaseLease;

beforeEach(async () => {
  folder = new TemporaryFolder();
  clock = new ManualClock();
  database = await openDatabase(folder.file('a.db'), { clock });
  ledger = new DatabaseJobLedger(database);
  lease = await new DatabaseLeaseStore(database).acquire('scheduler');
});

afterEach(() => {
  database.close();
  folder[Symbol.dispose]();
});

const job = { name: 'job', schedule: 'hourly', startAt: new Date(0) };
const over = { job: 'job', outcome: 'succeeded', attempts: 1, error: null } as const;
const refused = (code: string, message: RegExp | string = '') =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

/** Writes ticks 1 to `count`, each a millisecond long and over, past the ledger. */
function fill(count: number): void {
  withConnection(database.file, (connection) =>
    connection.exec(`
      with recursive tick (n) as (select 1 union all select n + 1 from tick where n < ${count})
      insert into onehost_job_runs
        select 'job', n, n, 1, 'succeeded', 1, 'instance', 1, 0, 0, null from tick;
      update onehost_jobs set handled_until = ${count};`),
  );
}

function runTick(tick: number, on: DatabaseJobLedger = ledger): void {
  on.begin(lease, 'job', new Date(tick));
  on.finish(lease, { ...over, scheduledFor: new Date(tick) });
}

describe('arguments', () => {
  test('it needs an open database, and says how to get one', () => {
    const opening = Promise.resolve(database);
    expect(() => new DatabaseJobLedger(opening as never)).toThrow(
      refused('ONEHOST_INVALID_OPTION', /promise.*new DatabaseJobLedger\(await openDatabase/),
    );
    database.close();
    expect(() => new DatabaseJobLedger(database)).toThrow(refused('ONEHOST_DATABASE_CLOSED'));
  });

  test.each([0, -1, 1.5, 100_001, Number.NaN, '5', null])(
    'keptRuns of %j is refused',
    (keptRuns) => {
      expect(() => new DatabaseJobLedger(database, { keptRuns: keptRuns as never })).toThrow(
        refused('ONEHOST_INVALID_OPTION', /^keptRuns must be an integer from 1 to 100000/),
      );
    },
  );

  test('an option that is not known is refused, a likely misspelling named', () => {
    expect(() => new DatabaseJobLedger(database, { keptruns: 5 } as never)).toThrow(
      refused('ONEHOST_INVALID_OPTION', /should be "keptRuns"/),
    );
    expect(() => ledger.runs('job', { Limit: 5 } as never)).toThrow(
      refused('ONEHOST_INVALID_OPTION', /should be "limit"/),
    );
  });

  test('what is refused is said so that the next step is clear', () => {
    expect(() => ledger.begin(lease, 'job', new Date(1))).toThrow(
      refused('ONEHOST_INVALID_JOB', /"job".*Register it under the lease first/),
    );
    ledger.register(lease, job);
    ledger.begin(lease, 'job', new Date(1000));
    const first = new Date(500);
    const unrun = { job: 'job', first, ticks: 2, outcome: 'missed' } as const;
    expect(() => ledger.recordUnrun(lease, { ...unrun, last: new Date(2000) })).toThrow(
      refused('ONEHOST_INVALID_OPTION', /up to 1970-01-01T00:00:01.000Z have been dealt with/),
    );
    expect(() => ledger.recordUnrun(lease, { ...unrun, last: new Date(0) })).toThrow(
      refused('ONEHOST_INVALID_OPTION', /^last must not be before first/),
    );
    expect(() => ledger.begin(lease, 'job', new Date(Number.NaN))).toThrow(
      refused('ONEHOST_INVALID_OPTION', /scheduledFor must be a valid Date, but found an invalid/),
    );
  });
});

describe('the lease', () => {
  test('is one of a DatabaseLeaseStore', async () => {
    const foreign = { ...lease, name: 'scheduler', transaction: (work: () => unknown) => work() };
    const found: [unknown, RegExp][] = [
      [foreign, /found an object.*new DatabaseLeaseStore\(database\)/],
      [null, /found null \(tryAcquire did not get it\)/],
      [Promise.resolve(lease), /found a promise \(await acquire\)/],
    ];
    for (const [other, message] of found) {
      expect(() => ledger.register(other as DatabaseLease, job)).toThrow(
        refused('ONEHOST_INVALID_OPTION', message),
      );
    }
    expect(ledger.jobs()).toEqual([]);
  });

  test('is on the same open database, not only in the same file', async () => {
    for (const file of ['a.db', 'b.db']) {
      await using other = await openDatabase(folder.file(file), { clock });
      const foreign = await new DatabaseLeaseStore(other).acquire('another');
      expect(() => ledger.register(foreign, job)).toThrow(
        refused('ONEHOST_INVALID_OPTION', /"another".*on what one openDatabase gave/),
      );
    }
    expect(ledger.jobs()).toEqual([]);
  });

  test('of another name than the job has is refused, and the message names both', async () => {
    ledger.register(lease, job);
    const other = await new DatabaseLeaseStore(database).acquire('another');
    expect(() => ledger.register(other, job)).toThrow(
      refused(
        'ONEHOST_INVALID_JOB',
        /"job" is one of the lease "scheduler".*under the lease "another".*same name.*the job another/,
      ),
    );
  });

  test('is typed', () => {
    expectTypeOf(ledger).toExtend<JobLedger<TransactionConnection>>();
    expectTypeOf(ledger.begin).parameter(0).toEqualTypeOf<Lease<TransactionConnection>>();
    expectTypeOf(ledger.begin).returns.toEqualTypeOf<boolean>();
  });

  test('does not write a job inside a transaction of the app', () => {
    ledger.register(lease, job);
    const begin = () => ledger.begin(lease, 'job', new Date(1));
    expect(() => lease.transaction(begin)).toThrow(refused('ONEHOST_INVALID_TRANSACTION'));
    expect(lease.transaction(() => ledger.jobs())).toHaveLength(1);
    expect(begin()).toBe(true);
  });
});

describe('the file', () => {
  test('has the time of the clock in whole milliseconds', () => {
    clock.advance(0.0005);
    ledger.register(lease, job);
    ledger.begin(lease, 'job', new Date(1));
    expect(ledger.runs('job')[0]?.startedAt).toEqual(new Date(Math.floor(clock.now())));
  });

  test('does not let a tick run twice even where it was tampered with', () => {
    ledger.register(lease, job);
    runTick(1000);
    withConnection(database.file, (connection) =>
      connection.exec('update onehost_jobs set handled_until = 0'),
    );
    expect(ledger.begin(lease, 'job', new Date(1000))).toBe(false);
    expect(ledger.runs('job')).toMatchObject([{ outcome: 'succeeded' }]);
    expect(ledger.jobs()[0]?.handledUntil).toEqual(new Date(1000));
  });

  test('keeps in mind which ticks began, whoever deletes their rows', () => {
    ledger.register(lease, job);
    for (const tick of [1000, 2000, 3000]) runTick(tick);
    const unrun = { job: 'job', first: new Date(4000), last: new Date(4000), ticks: 1 };
    ledger.recordUnrun(lease, { ...unrun, outcome: 'missed' });
    withConnection(database.file, (connection) =>
      connection.exec(`
        delete from onehost_job_runs where scheduled_for = 4000;
        delete from onehost_job_runs where scheduled_for = 2000;
        delete from onehost_job_runs where scheduled_for = 1000;`),
    );
    expect(ledger.rewind(lease, { job: 'job', to: new Date(0) })).toEqual(new Date(2000));
    expect(ledger.begin(lease, 'job', new Date(3000))).toBe(false);
    expect(ledger.begin(lease, 'job', new Date(4000))).toBe(true);
  });

  test('when SQLite fails the error is one of onehost, and nothing was written', () => {
    ledger.register(lease, job);
    withConnection(database.file, (connection) =>
      connection.exec(
        "create trigger full before insert on onehost_job_runs begin select raise(abort, 'no'); end",
      ),
    );
    const begin = () => ledger.begin(lease, 'job', new Date(1));
    expect(begin).toThrow(refused('ONEHOST_DATABASE_FAILED', /SQLITE_CONSTRAINT_TRIGGER/));
    expect(ledger.jobs()[0]?.handledUntil).toEqual(job.startAt);
    expect(lease.isHeld()).toBe(true);
  });

  test('once it is closed, nothing is written and nothing read', () => {
    ledger.register(lease, job);
    database.close();
    expect(() => ledger.begin(lease, 'job', new Date(1))).toThrow(refused('ONEHOST_LEASE_LOST'));
    expect(() => ledger.runs('job')).toThrow(refused('ONEHOST_DATABASE_CLOSED'));
    expect(() => ledger.jobs()).toThrow(refused('ONEHOST_DATABASE_CLOSED'));
  });
});

describe('the history', () => {
  test('has 1,000 runs unless it is told otherwise', () => {
    ledger.register(lease, job);
    fill(1000);
    runTick(1001);
    expect(ledger.runs('job')).toHaveLength(1000);
    expect(ledger.runs('job', { limit: 3 })).toHaveLength(3);
  });

  test('that may have one run has the newest', () => {
    const short = new DatabaseJobLedger(database, { keptRuns: 1 });
    short.register(lease, job);
    for (const tick of [1, 2, 3]) runTick(tick, short);
    expect(short.runs('job')).toMatchObject([{ scheduledFor: new Date(3) }]);
  });

  test('shrinks by 100 with each write when it may have less than before', () => {
    ledger.register(lease, job);
    fill(250);
    const short = new DatabaseJobLedger(database, { keptRuns: 10 });
    const sizes: number[] = [];
    for (const tick of [251, 252, 253, 254]) {
      runTick(tick, short);
      sizes.push(short.runs('job').length);
    }
    expect(sizes).toEqual([151, 52, 10, 10]);
    expect(short.runs('job').map((run) => run.scheduledFor.getTime())).toEqual(
      Array.from({ length: 10 }, (_, index) => 254 - index),
    );
  });

  test('is written without a look at the runs of other jobs', () => {
    const plans = new Map<string, string[]>();
    // All that the rows want of a connection is to prepare their statements.
    const explaining = {
      prepare(sql: string) {
        const names = [...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name, 1]);
        const explained = database.connection.prepare<[object], { detail: string }>(
          `explain query plan ${sql}`,
        );
        plans.set(
          sql,
          explained.all(Object.fromEntries(names)).map(({ detail }) => detail),
        );
      },
    };
    new JobRows(explaining as unknown as Database);
    const onRuns = [...plans].filter(([sql]) => /^(select|update|delete).*_runs/.test(sql));
    expect(onRuns).toHaveLength(5);
    for (const [, plan] of onRuns) {
      const looks = plan.filter(
        (step) => /SEARCH|SCAN|SORT|TEMP/.test(step) && !step.includes('onehost_jobs'),
      );
      for (const step of looks) expect(step).toMatch(/^SEARCH onehost_job_runs USING .*\(job=\?/);
    }
    // What goes on is found among what goes on, not among all that is kept.
    const abandon = onRuns.find(([sql]) => sql.includes("'abandoned'"));
    expect(abandon?.[1]).toContain(
      'SEARCH onehost_job_runs USING INDEX onehost_job_runs_running (job=? AND fencing_token<?)',
    );
  });
});
