import assert from 'node:assert/strict';
import type { Lease } from '../../contract/lease.ts';
import {
  beginTerm,
  everyMinute,
  type JobClaim,
  type JobLedgerHarness,
  type JobLedgerTestInstance,
  minute,
  runTick,
} from './harness.ts';

/** The kept ticks of the job, as how many minutes each comes after its start. */
async function keptMinutes({ ledger }: JobLedgerTestInstance): Promise<number[]> {
  const runs = await ledger.runs('job');
  return runs.map((run) => (run.scheduledFor.getTime() - minute(0).getTime()) / 60_000);
}

/** From `newest` down to `oldest`, both included. */
function down(newest: number, oldest: number): number[] {
  return Array.from({ length: newest - oldest + 1 }, (_, index) => newest - index);
}

/** A tick that does not run; by turns missed and skipped, so that each is a record of its own. */
async function leaveOut(
  { ledger }: JobLedgerTestInstance,
  lease: Lease,
  count: number,
): Promise<void> {
  const tick = minute(count);
  const outcome = count % 2 === 0 ? 'skipped' : 'missed';
  await ledger.recordUnrun(lease, { job: 'job', first: tick, last: tick, ticks: 1, outcome });
}

export function historyClaims(claim: JobClaim, { keptRuns }: JobLedgerHarness): void {
  claim(
    'runs come with the newest tick first, and no more than were asked for',
    async ({ ours }) => {
      const lease = await beginTerm(ours);
      // By tick, and not by when they ended.
      await ours.ledger.begin(lease, 'job', minute(9));
      await runTick(ours, lease, minute(10));
      const over = { outcome: 'failed', attempts: 1, error: '' } as const;
      await ours.ledger.finish(lease, { job: 'job', scheduledFor: minute(9), ...over });
      assert.deepEqual(await keptMinutes(ours), [10, 9]);
      assert.equal((await ours.ledger.runs('job', { limit: undefined })).length, 2);
      assert.equal((await ours.ledger.runs('job', { limit: 2 })).length, 2);
      assert.equal((await ours.ledger.runs('job', { limit: 100 })).length, 2);
      const newest = await ours.ledger.runs('job', { limit: 1 });
      assert.deepEqual(
        newest.map((run) => run.scheduledFor),
        [minute(10)],
      );
    },
  );

  claim('the oldest runs go when there are too many', async ({ ours, theirs }) => {
    const lease = await beginTerm(ours);
    for (let count = 1; count <= 2 * keptRuns; count++) {
      await runTick(ours, lease, minute(count));
      assert.deepEqual(await keptMinutes(theirs), down(count, Math.max(1, count - keptRuns + 1)));
    }
  });

  claim('so do those that did not run, several in a row as one', async ({ ours }) => {
    const lease = await beginTerm(ours);
    const first = { job: 'job', first: minute(1), last: minute(5), ticks: 5 } as const;
    await ours.ledger.recordUnrun(lease, { ...first, outcome: 'missed' });
    for (let count = 6; count < 5 + keptRuns; count++) await leaveOut(ours, lease, count);
    assert.equal((await keptMinutes(ours)).at(-1), 1);
    await leaveOut(ours, lease, 5 + keptRuns);
    assert.deepEqual(await keptMinutes(ours), down(5 + keptRuns, 6));
  });

  claim('so do those that were abandoned', async ({ ours, theirs }) => {
    const first = await beginTerm(ours);
    for (let count = 1; count <= keptRuns + 2; count++) {
      await ours.ledger.begin(first, 'job', minute(count));
    }
    assert.equal((await keptMinutes(ours)).length, keptRuns + 2);
    await first.release();
    await beginTerm(theirs);
    assert.deepEqual(await keptMinutes(theirs), down(keptRuns + 2, 3));
  });

  claim('a run that goes on is kept, however many came after it', async ({ ours }) => {
    const lease = await beginTerm(ours);
    await ours.ledger.begin(lease, 'job', minute(1));
    for (let count = 2; count <= 2 * keptRuns; count++) await leaveOut(ours, lease, count);
    const kept = await keptMinutes(ours);
    assert.deepEqual(kept, [...down(2 * keptRuns, keptRuns + 1), 1], 'and it is on top of them');
    const [run] = (await ours.ledger.runs('job')).slice(-1);
    assert.equal(run?.outcome, 'running');
  });

  claim('a tick whose run is no longer kept does not run again', async ({ ours, theirs }) => {
    const first = await beginTerm(ours);
    for (let count = 1; count <= keptRuns + 1; count++) await runTick(ours, first, minute(count));
    assert.equal((await keptMinutes(ours)).at(-1), 2);
    assert.equal(await ours.ledger.begin(first, 'job', minute(1)), false);
    await first.release();
    const second = await beginTerm(theirs);
    assert.equal(await theirs.ledger.begin(second, 'job', minute(1)), false);
    await leaveOut(theirs, second, 1);
    assert.equal((await keptMinutes(ours)).at(-1), 2);
  });

  claim('a job does not lose its runs to another that runs more often', async ({ ours }) => {
    const lease = await beginTerm(ours, everyMinute('a'));
    for (const name of ['job', 'z']) await ours.ledger.register(lease, everyMinute(name));
    for (const job of ['a', 'z']) await ours.ledger.begin(lease, job, minute(1));
    const over = { scheduledFor: minute(1), outcome: 'succeeded', attempts: 1 } as const;
    for (const job of ['a', 'z']) await ours.ledger.finish(lease, { job, ...over, error: null });
    for (let count = 1; count <= 2 * keptRuns; count++) await leaveOut(ours, lease, count);
    for (const job of ['a', 'z']) assert.equal((await ours.ledger.runs(job)).length, 1);
  });
}
