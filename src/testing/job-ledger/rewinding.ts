import assert from 'node:assert/strict';
import {
  beginTerm,
  everyMinute,
  type JobClaim,
  type JobLedgerHarness,
  minute,
  runTick,
  told,
} from './harness.ts';

export function rewindingClaims(claim: JobClaim, { keptRuns }: JobLedgerHarness): void {
  claim('a job that is set back goes on from there', async ({ ours, theirs }) => {
    const lease = await beginTerm(ours);
    await ours.ledger.begin(lease, 'job', minute(900));
    assert.deepEqual(await ours.ledger.rewind(lease, { job: 'job', to: minute(3) }), minute(3));
    const [job] = await theirs.ledger.jobs();
    assert.deepEqual(job?.handledUntil, minute(3));
    assert.equal(await ours.ledger.begin(lease, 'job', minute(3)), false);
    assert.equal(await ours.ledger.begin(lease, 'job', minute(4)), true);
    const unrun = { first: minute(5), last: minute(6), ticks: 2, outcome: 'missed' } as const;
    await ours.ledger.recordUnrun(lease, { job: 'job', ...unrun });
    assert.deepEqual(await ours.ledger.register(lease, everyMinute('job')), {
      handledUntil: minute(6),
      replacedSchedule: null,
    });
  });

  claim('it is not set forward', async ({ ours }) => {
    const lease = await beginTerm(ours);
    await ours.ledger.begin(lease, 'job', minute(2));
    const before = await told(ours);
    for (const to of [minute(2), minute(3)]) {
      assert.deepEqual(await ours.ledger.rewind(lease, { job: 'job', to }), minute(2));
    }
    assert.deepEqual(await told(ours), before);
  });

  claim('no tick that began begins again, whatever became of it', async ({ ours, theirs }) => {
    const first = await beginTerm(ours);
    await ours.ledger.begin(first, 'job', minute(1));
    await first.release();
    const second = await beginTerm(theirs);
    await runTick(theirs, second, minute(2));
    await theirs.ledger.begin(second, 'job', minute(3));
    await theirs.ledger.rewind(second, { job: 'job', to: minute(0) });
    const { runs } = await told(theirs);
    for (const count of [1, 2, 3]) {
      assert.equal(await theirs.ledger.begin(second, 'job', minute(count)), false);
    }
    assert.deepEqual((await told(theirs)).runs, runs);
    assert.equal(await theirs.ledger.begin(second, 'job', minute(4)), true);
  });

  claim('a tick that was missed may run then, and what it was stays recorded', async ({ ours }) => {
    const lease = await beginTerm(ours);
    const unrun = { first: minute(1), last: minute(9), ticks: 9, outcome: 'missed' } as const;
    await ours.ledger.recordUnrun(lease, { job: 'job', ...unrun });
    await ours.ledger.rewind(lease, { job: 'job', to: minute(4) });
    // It follows on the fourth, and not on the nine.
    const again = { first: minute(5), last: minute(5), ticks: 1, outcome: 'missed' } as const;
    await ours.ledger.recordUnrun(lease, { job: 'job', ...again });
    assert.equal(await ours.ledger.begin(lease, 'job', minute(6)), true);
    const runs = await ours.ledger.runs('job');
    assert.deepEqual(
      runs.map(({ outcome, ticks }) => `${outcome} ${ticks}`),
      ['running 1', 'missed 1', 'missed 9'],
    );
  });

  claim('a tick whose run is no longer kept does not begin again', async ({ ours, theirs }) => {
    const lease = await beginTerm(ours);
    const ticks = Array.from({ length: 2 * keptRuns }, (_, index) => index + 1);
    for (const count of ticks) await runTick(ours, lease, minute(count));
    const handledUntil = await ours.ledger.rewind(lease, { job: 'job', to: minute(0) });
    assert.ok(handledUntil < minute(2 * keptRuns), 'it was set back as far as can be');
    const [job] = await theirs.ledger.jobs();
    assert.deepEqual(job?.handledUntil, handledUntil);
    for (const count of ticks) {
      assert.equal(await ours.ledger.begin(lease, 'job', minute(count)), false);
    }
    assert.equal(await ours.ledger.begin(lease, 'job', minute(2 * keptRuns + 1)), true);
  });
}
