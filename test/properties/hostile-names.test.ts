import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  DatabaseJobLedger,
  DatabaseLeaseStore,
  isOnehostError,
  type OnehostDatabase,
  openDatabase,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { hostileText, hostileValue } from './hostile-values.ts';

let folder: TemporaryFolder;
let database: OnehostDatabase;

beforeEach(async () => {
  folder = new TemporaryFolder();
  database = await openDatabase(folder.file('a.db'), { clock: new ManualClock() });
});

afterEach(() => {
  expect(database.connection.pragma('integrity_check', { simple: true })).toBe('ok');
  database.close();
  folder[Symbol.dispose]();
});

/** Whether it was done; anything but an error of ours fails the test. */
function isDone(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!isOnehostError(error)) throw error;
    return false;
  }
}

test('any name of a lease or a job is kept as it is, or refused with an error of ours', () => {
  const leases = new DatabaseLeaseStore(database);
  const ledger = new DatabaseJobLedger(database);
  const kept = new Set<string>();
  const startAt = new Date(0);
  const jobs = leases.tryAcquire('jobs');
  if (jobs === null) throw new Error('Nobody else is there.');
  fc.assert(
    fc.property(hostileText, hostileText, (name, text) => {
      const done = isDone(() => {
        leases.tryAcquire(name)?.release();
        kept.add(name);
        ledger.register(jobs, { name, schedule: 'hourly', startAt });
        ledger.register(jobs, { name, schedule: text, startAt });
      });
      if (!done) return;
      expect(ledger.jobs().find((job) => job.name === name)?.schedule).toBe(text.toWellFormed());
      const tick = new Date(1000);
      if (!ledger.begin(jobs, name, tick)) return;
      // Half of what is kept at most.
      const error = text.slice(0, 1000);
      const ended = { scheduledFor: tick, outcome: 'failed', attempts: 1, error } as const;
      ledger.finish(jobs, { job: name, ...ended });
      expect(ledger.runs(name)).toMatchObject([
        { job: name, outcome: 'failed', error: error.toWellFormed() },
      ]);
    }),
    { numRuns: 300 },
  );
  expect(new Set(leases.list().map(({ name }) => name))).toEqual(kept.add('jobs'));
});

test('anything in the place of a name, a term, a time or an option is refused with an error of ours', () => {
  const leases = new DatabaseLeaseStore(database);
  const ledger = new DatabaseJobLedger(database);
  const jobs = leases.tryAcquire('jobs');
  if (jobs === null) throw new Error('Nobody else is there.');
  ledger.register(jobs, { name: 'job', schedule: 'hourly', startAt: new Date(0) });
  fc.assert(
    fc.property(hostileValue, (make) => {
      const wrong = make() as never;
      for (const call of [
        () => leases.tryAcquire(wrong),
        () => leases.tryAcquire('lease', { durationSeconds: wrong }),
        () => leases.steal({ name: 'jobs', holder: { id: wrong } as never, fencingToken: wrong }),
        () => leases.steal({ name: wrong, holder: jobs.holder, fencingToken: 1 }),
        () => ledger.register(jobs, { name: wrong, schedule: 'hourly', startAt: new Date(0) }),
        () => ledger.register(jobs, { name: 'job', schedule: wrong, startAt: new Date(0) }),
        () => ledger.register(jobs, { name: 'job', schedule: 'hourly', startAt: wrong }),
        () => ledger.begin(jobs, wrong, new Date(1000)),
        () => ledger.begin(jobs, 'job', wrong),
        () => ledger.runs(wrong),
        () => ledger.runs('job', { limit: wrong }),
      ]) {
        isDone(call);
      }
    }),
    { numRuns: 300 },
  );
  expect(ledger.jobs().length).toBeLessThan(50);
});
