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
