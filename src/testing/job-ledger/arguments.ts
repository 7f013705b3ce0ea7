import assert from 'node:assert/strict';
import type { JobLedger } from '../../contract/job-ledger.ts';
import type { Lease } from '../../contract/lease.ts';
import { MAX_NAME_LENGTH } from '../../contract/lease-store.ts';
import { beginTerm, everyMinute, type JobClaim, minute, told } from './harness.ts';

const never = new Date(Number.NaN);

/** What is written of a job in every way there is, with something in it that cannot be meant. */
function writes(ledger: JobLedger, lease: Lease, job: string, odd: object = {}) {
  const finished = { outcome: 'succeeded', attempts: 1, error: null } as const;
  const unrun = { first: minute(3), last: minute(4), ticks: 2, outcome: 'missed' } as const;
  return {
    register: () => ledger.register(lease, { ...everyMinute(job), ...odd }),
    begin: () => ledger.begin(lease, job, { scheduledFor: minute(2), ...odd }.scheduledFor),
    finish: () => ledger.finish(lease, { job, scheduledFor: minute(1), ...finished, ...odd }),
    recordUnrun: () => ledger.recordUnrun(lease, { job, ...unrun, ...odd }),
    rewind: () => ledger.rewind(lease, { job, to: minute(0), ...odd }),
  };
}

type Write = keyof ReturnType<typeof writes>;

const odd: [Write, string, object][] = [
  ['register', 'an invalid date', { startAt: never }],
  ['register', 'a number for a date', { startAt: 0 }],
  ['register', 'a schedule that is no text', { schedule: null }],
  ['begin', 'an invalid date', { scheduledFor: never }],
  ['begin', 'a text for a date', { scheduledFor: '2026-06-01' }],
  ['finish', 'an invalid date', { scheduledFor: never }],
  ['finish', 'an outcome that is none', { outcome: 'running' }],
  ['finish', 'a fraction of an attempt', { attempts: 1.5 }],
  ['finish', 'fewer attempts than none', { attempts: -1 }],
  ['finish', 'an error that is no text', { error: new Error('no text') }],
  ['recordUnrun', 'an invalid first tick', { first: never }],
  ['recordUnrun', 'an invalid last tick', { last: never }],
  ['recordUnrun', 'an outcome of a run', { outcome: 'succeeded' }],
  ['recordUnrun', 'no ticks', { ticks: 0 }],
  ['recordUnrun', 'a fraction of a tick', { ticks: 2.5 }],
  ['recordUnrun', 'one tick that is first and last at different times', { ticks: 1 }],
  ['recordUnrun', 'more ticks than milliseconds', { ticks: 60_002 }],
  ['recordUnrun', 'two ticks at the same time', { last: minute(3) }],
  ['recordUnrun', 'a last tick before the first', { last: minute(2), ticks: 1 }],
  ['rewind', 'an invalid date', { to: never }],
  ['rewind', 'a number for a date', { to: 0 }],
];

export function argumentClaims(claim: JobClaim): void {
  for (const [write, what, change] of odd) {
    claim(`${write} refuses ${what}, and writes nothing`, async ({ ours }) => {
      const lease = await beginTerm(ours);
      await ours.ledger.begin(lease, 'job', minute(1));
      const before = await told(ours);
      const refused = writes(ours.ledger, lease, 'job', change)[write];
      await assert.rejects(async () => refused(), { code: 'ONEHOST_INVALID_OPTION' });
      assert.deepEqual(await told(ours), before);
    });
  }

  for (const limit of [0, -1, 1.5, Number.NaN, '1' as never, null as never]) {
    claim(`runs refuses a limit of ${JSON.stringify(limit)}`, async ({ ours }) => {
      const read = async () => ours.ledger.runs('job', { limit });
      await assert.rejects(read, { code: 'ONEHOST_INVALID_OPTION' });
    });
  }

  for (const name of ['', 'x'.repeat(MAX_NAME_LENGTH + 1), '\ud800', 7 as never, null as never]) {
    claim(`the name ${JSON.stringify(name).slice(0, 20)} is refused`, async ({ ours }) => {
      const lease = await beginTerm(ours);
      const asked = Object.values(writes(ours.ledger, lease, name));
      for (const ask of [...asked, () => ours.ledger.runs(name)]) {
        await assert.rejects(async () => ask(), { code: 'ONEHOST_INVALID_NAME' });
      }
      assert.equal((await ours.ledger.jobs()).length, 1);
    });
  }

  for (const name of ['__proto__', "'; drop table", 'ü\0☃', 'x'.repeat(MAX_NAME_LENGTH)]) {
    claim(`the name ${JSON.stringify(name).slice(0, 20)} is as good as any`, async (context) => {
      const { ours, theirs } = context;
      const lease = await beginTerm(ours, everyMinute(name));
      assert.equal(await ours.ledger.begin(lease, name, minute(1)), true);
      assert.equal(await ours.ledger.begin(lease, name, minute(1)), false);
      const [job] = await theirs.ledger.jobs();
      assert.equal(job?.name, name);
      const [run] = await theirs.ledger.runs(name);
      assert.equal(run?.job, name);
    });
  }

  claim('a job that nobody registered cannot have ticks', async ({ ours }) => {
    const lease = await beginTerm(ours);
    const { begin, recordUnrun, rewind, finish } = writes(ours.ledger, lease, 'another');
    for (const write of [begin, recordUnrun, rewind]) {
      await assert.rejects(async () => write(), { code: 'ONEHOST_INVALID_JOB' });
    }
    await finish();
    assert.deepEqual(await ours.ledger.runs('another'), []);
    assert.equal((await ours.ledger.jobs()).length, 1);
  });
}
