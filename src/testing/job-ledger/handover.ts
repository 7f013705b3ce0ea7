import assert from 'node:assert/strict';
import { beginTerm, everyMinute, type JobClaim, minute, runTick } from './harness.ts';

const DAY = 24 * 60 * 60;

export function handoverClaims(claim: JobClaim): void {
  claim('a tick that one instance began no other begins after a handover', async (context) => {
    const { ours, theirs } = context;
    const first = await beginTerm(ours);
    await ours.ledger.begin(first, 'job', minute(1));
    await runTick(ours, first, minute(2));
    await first.release();
    const second = await beginTerm(theirs);
    for (const count of [1, 2]) {
      assert.equal(await theirs.ledger.begin(second, 'job', minute(count)), false);
    }
    assert.equal(await theirs.ledger.begin(second, 'job', minute(3)), true);
  });

  claim('over many handovers each tick runs once', async ({ ours, theirs }) => {
    const began = new Map<number, number>();
    for (let turn = 0; turn < 12; turn++) {
      const instance = turn % 2 === 0 ? ours : theirs;
      const lease = await beginTerm(instance);
      // Who takes over is not sure how far the one before came, and tries some ticks again.
      for (let count = Math.max(1, turn - 2); count <= turn + 1; count++) {
        if (await instance.ledger.begin(lease, 'job', minute(count))) {
          began.set(count, (began.get(count) ?? 0) + 1);
        }
      }
      await lease.release();
    }
    assert.deepEqual(
      [...began],
      Array.from({ length: 12 }, (_, index) => [index + 1, 1]),
    );
  });

  claim('what an earlier term left running is recorded as abandoned', async (context) => {
    const { ours, theirs, place } = context;
    const first = await beginTerm(ours);
    await ours.ledger.begin(first, 'job', minute(1));
    const [begun] = await ours.ledger.runs('job');
    assert.ok(begun);
    const second = await theirs.leases.steal(first);
    assert.ok(second);
    await place.advance(5);
    await theirs.ledger.register(second, everyMinute('job'));
    const endedAt = new Date(begun.startedAt.getTime() + 5000);
    const abandoned = { ...begun, outcome: 'abandoned', endedAt };
    assert.deepEqual(await theirs.ledger.runs('job'), [abandoned]);
    assert.equal(await theirs.ledger.begin(second, 'job', minute(1)), false);
  });

  claim('so is what an earlier term of the same instance left', async ({ ours }) => {
    const first = await beginTerm(ours);
    await ours.ledger.begin(first, 'job', minute(1));
    await first.release();
    await beginTerm(ours, { name: 'job', schedule: 'another', startAt: minute(5) });
    const [run] = await ours.ledger.runs('job');
    assert.equal(run?.outcome, 'abandoned');
    assert.equal(run.fencingToken, first.fencingToken, 'it stays the run of that term');
  });

  claim(
    'what the present term is running goes on when the job is registered again',
    async (context) => {
      const { ours } = context;
      const lease = await beginTerm(ours);
      await ours.ledger.begin(lease, 'job', minute(1));
      const before = await ours.ledger.runs('job');
      for (const schedule of ['every minute', 'every hour']) {
        await ours.ledger.register(lease, { ...everyMinute('job'), schedule });
      }
      assert.deepEqual(await ours.ledger.runs('job'), before);
      const over = { outcome: 'succeeded', attempts: 1, error: null } as const;
      await ours.ledger.finish(lease, { job: 'job', scheduledFor: minute(1), ...over });
      const [run] = await ours.ledger.runs('job');
      assert.equal(run?.outcome, 'succeeded');
    },
  );

  claim(
    'so is what an earlier term left of a job that nobody registers any more',
    async (context) => {
      const { ours, theirs } = context;
      const first = await beginTerm(ours, everyMinute('removed'));
      await ours.ledger.begin(first, 'removed', minute(1));
      await first.release();
      await beginTerm(theirs);
      const [run] = await theirs.ledger.runs('removed');
      assert.equal(run?.outcome, 'abandoned');
    },
  );

  claim('runs that were over, and those of other leases, are not abandoned', async (context) => {
    const { ours, theirs } = context;
    const first = await beginTerm(ours);
    await runTick(ours, first, minute(1));
    const last = minute(2);
    const unrun = { job: 'job', first: last, last, ticks: 1, outcome: 'skipped' } as const;
    await ours.ledger.recordUnrun(first, unrun);
    const runs = await ours.ledger.runs('job');
    const other = await ours.leases.acquire('another');
    await ours.ledger.register(other, everyMinute('of another'));
    await ours.ledger.begin(other, 'of another', minute(1));
    await first.release();
    await beginTerm(theirs);
    assert.deepEqual(await theirs.ledger.runs('job'), runs);
    const [run] = await theirs.ledger.runs('of another');
    assert.equal(run?.outcome, 'running');
  });

  claim('a wall clock set back lets no tick run twice', async ({ ours, theirs, place }) => {
    const first = await beginTerm(ours);
    await runTick(ours, first, minute(10));
    await place.setWallClockBy(-DAY);
    assert.equal(await ours.ledger.begin(first, 'job', minute(10)), false);
    await first.release();
    // An instance that starts now takes an earlier time for the present.
    const startAt = new Date(minute(10).getTime() - DAY * 1000);
    for (const schedule of ['every minute', 'every hour']) {
      const second = await beginTerm(theirs, { name: 'job', schedule, startAt });
      assert.equal(await theirs.ledger.begin(second, 'job', minute(10)), false);
      assert.equal(await theirs.ledger.begin(second, 'job', minute(5)), false);
      await second.release();
    }
    const [job] = await theirs.ledger.jobs();
    assert.deepEqual(job?.handledUntil, minute(10));
    assert.equal((await theirs.ledger.runs('job')).length, 1);
  });
}
