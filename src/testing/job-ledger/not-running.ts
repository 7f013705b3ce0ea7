import assert from 'node:assert/strict';
import { beginTerm, type JobClaim, minute, told } from './harness.ts';

function missed(first: number, last: number) {
  const ticks = last - first + 1;
  const outcome = 'missed' as const;
  return { job: 'job', first: minute(first), last: minute(last), ticks, outcome };
}

export function notRunningClaims(claim: JobClaim): void {
  for (const outcome of ['missed', 'skipped'] as const) {
    claim(`ticks in a row that were ${outcome} are one record`, async ({ ours, theirs }) => {
      const lease = await beginTerm(ours);
      await ours.ledger.recordUnrun(lease, { ...missed(2, 6), ticks: 4, outcome });
      const [run, ...others] = await theirs.ledger.runs('job');
      assert.deepEqual(others, []);
      assert.ok(run?.startedAt instanceof Date);
      assert.deepEqual(run, {
        job: 'job',
        scheduledFor: minute(2),
        lastScheduledFor: minute(6),
        ticks: 4,
        outcome,
        attempts: 0,
        instance: ours.leases.instance.id,
        fencingToken: lease.fencingToken,
        startedAt: run.startedAt,
        endedAt: run.startedAt,
        error: null,
      });
      const [job] = await theirs.ledger.jobs();
      assert.deepEqual(job?.handledUntil, minute(6));
    });
  }

  claim('those that follow right after, under the same term, join it', async (context) => {
    const { ours, place } = context;
    const lease = await beginTerm(ours);
    await ours.ledger.begin(lease, 'job', minute(1));
    await ours.ledger.recordUnrun(lease, { ...missed(2, 3), outcome: 'skipped' });
    const [begun] = await ours.ledger.runs('job');
    assert.ok(begun);
    await place.advance(5);
    await ours.ledger.recordUnrun(lease, { ...missed(4, 4), outcome: 'skipped' });
    // A schedule may have more time between two ticks than between others.
    await ours.ledger.recordUnrun(lease, { ...missed(9, 11), outcome: 'skipped' });
    const endedAt = new Date(begun.startedAt.getTime() + 5000);
    const [run, ...others] = await ours.ledger.runs('job');
    assert.deepEqual(run, { ...begun, lastScheduledFor: minute(11), ticks: 6, endedAt });
    assert.deepEqual(
      others.map(({ outcome }) => outcome),
      ['running'],
    );
    const [job] = await ours.ledger.jobs();
    assert.deepEqual(job?.handledUntil, minute(11));
  });

  claim('those of another outcome or term, or after a run, do not join it', async (context) => {
    const { ours, theirs } = context;
    const first = await beginTerm(ours);
    await ours.ledger.recordUnrun(first, missed(1, 2));
    await ours.ledger.recordUnrun(first, { ...missed(3, 4), outcome: 'skipped' });
    await ours.ledger.begin(first, 'job', minute(5));
    await ours.ledger.recordUnrun(first, { ...missed(6, 7), outcome: 'skipped' });
    await first.release();
    const second = await beginTerm(theirs);
    await theirs.ledger.recordUnrun(second, { ...missed(8, 9), outcome: 'skipped' });
    const runs = await theirs.ledger.runs('job');
    assert.deepEqual(
      runs.map(({ outcome, ticks }) => `${outcome} ${ticks}`),
      ['skipped 2', 'skipped 2', 'abandoned 1', 'skipped 2', 'missed 2'],
    );
  });

  claim(
    'none of the ticks that did not run begins later, and the next one does',
    async (context) => {
      const { ours } = context;
      const lease = await beginTerm(ours);
      await ours.ledger.recordUnrun(lease, missed(2, 4));
      for (const count of [2, 3, 4]) {
        assert.equal(await ours.ledger.begin(lease, 'job', minute(count)), false);
      }
      assert.equal(await ours.ledger.begin(lease, 'job', minute(5)), true);
    },
  );

  claim('a tick that has been dealt with is left as it is', async ({ ours }) => {
    const lease = await beginTerm(ours);
    await ours.ledger.begin(lease, 'job', minute(3));
    await ours.ledger.recordUnrun(lease, missed(4, 6));
    const before = await told(ours);
    const dealtWith: [number, number][] = [
      [3, 3],
      [1, 3],
      [4, 6],
      [5, 5],
      [1, 6],
    ];
    for (const [first, last] of dealtWith) {
      await ours.ledger.recordUnrun(lease, missed(first, last));
    }
    assert.deepEqual(await told(ours), before);
  });

  claim(
    'ticks of which some have been dealt with are refused, and none recorded',
    async (context) => {
      const { ours } = context;
      const lease = await beginTerm(ours);
      await ours.ledger.begin(lease, 'job', minute(3));
      const before = await told(ours);
      for (const first of [1, 3]) {
        const record = async () => ours.ledger.recordUnrun(lease, missed(first, 5));
        await assert.rejects(record, { code: 'ONEHOST_INVALID_OPTION' });
      }
      assert.deepEqual(await told(ours), before);
      await ours.ledger.recordUnrun(lease, missed(4, 5));
      assert.equal((await ours.ledger.runs('job')).length, 2);
    },
  );
}
