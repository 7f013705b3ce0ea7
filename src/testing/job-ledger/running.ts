import assert from 'node:assert/strict';
import type { FinishedRun } from '../../contract/job-ledger.ts';
import { beginTerm, everyMinute, type JobClaim, minute, runTick, told } from './harness.ts';

const succeeded = { job: 'job', outcome: 'succeeded', attempts: 1, error: null } as const;

export function runningClaims(claim: JobClaim): void {
  claim('a tick that begins is recorded as running, by whom and since when', async (context) => {
    const { ours, theirs } = context;
    const lease = await beginTerm(ours);
    assert.equal(await ours.ledger.begin(lease, 'job', minute(1)), true);
    const [run, ...others] = await theirs.ledger.runs('job');
    assert.deepEqual(others, []);
    assert.ok(run?.startedAt instanceof Date);
    assert.deepEqual(run, {
      job: 'job',
      scheduledFor: minute(1),
      lastScheduledFor: minute(1),
      ticks: 1,
      outcome: 'running',
      attempts: 1,
      instance: ours.leases.instance.id,
      fencingToken: lease.fencingToken,
      startedAt: run.startedAt,
      endedAt: null,
      error: null,
    });
    const [job] = await theirs.ledger.jobs();
    assert.deepEqual(job?.handledUntil, minute(1));
  });

  claim('a tick begins once, and none before it', async ({ ours }) => {
    const lease = await beginTerm(ours);
    await ours.ledger.begin(lease, 'job', minute(3));
    const before = await told(ours);
    for (const count of [3, 2, 1, 0, -1]) {
      assert.equal(await ours.ledger.begin(lease, 'job', minute(count)), false);
    }
    assert.deepEqual(await told(ours), before);
  });

  claim('a tick that many calls begin at the same time begins once', async ({ ours, theirs }) => {
    const lease = await beginTerm(ours);
    for (const count of [1, 2, 3]) {
      const calls = Array.from({ length: 10 }, async () =>
        ours.ledger.begin(lease, 'job', minute(count)),
      );
      const begun = (await Promise.all(calls)).filter((isBegun) => isBegun);
      assert.equal(begun.length, 1);
      assert.equal((await theirs.ledger.runs('job')).length, count);
    }
  });

  claim('a tick that is over does not begin again', async ({ ours }) => {
    const lease = await beginTerm(ours);
    await runTick(ours, lease, minute(1));
    const before = await told(ours);
    assert.equal(await ours.ledger.begin(lease, 'job', minute(1)), false);
    assert.deepEqual(await told(ours), before);
  });

  claim('ticks of different jobs at the same time are different ticks', async ({ ours }) => {
    const lease = await beginTerm(ours);
    await ours.ledger.register(lease, everyMinute('another'));
    assert.equal(await ours.ledger.begin(lease, 'job', minute(1)), true);
    assert.equal(await ours.ledger.begin(lease, 'another', minute(1)), true);
    await ours.ledger.finish(lease, { ...succeeded, scheduledFor: minute(1) });
    const [other] = await ours.ledger.runs('another');
    assert.equal(other?.outcome, 'running');
  });

  for (const outcome of ['succeeded', 'failed', 'timed-out', 'stopped'] as const) {
    claim(`the end of a run is recorded: ${outcome}`, async ({ ours, theirs, place }) => {
      const lease = await beginTerm(ours);
      await ours.ledger.begin(lease, 'job', minute(1));
      const [begun] = await ours.ledger.runs('job');
      assert.ok(begun);
      await place.advance(5);
      const error = outcome === 'succeeded' ? null : 'what it threw';
      const end: FinishedRun = { job: 'job', scheduledFor: minute(1), outcome, attempts: 3, error };
      await ours.ledger.finish(lease, end);
      const endedAt = new Date(begun.startedAt.getTime() + 5000);
      const over = { ...begun, outcome, attempts: 3, error, endedAt };
      assert.deepEqual(await theirs.ledger.runs('job'), [over]);
    });
  }

  claim('a run may be over before its first attempt', async ({ ours }) => {
    const lease = await beginTerm(ours);
    await ours.ledger.begin(lease, 'job', minute(1));
    const stopped = { scheduledFor: minute(1), outcome: 'stopped', attempts: 0 } as const;
    await ours.ledger.finish(lease, { ...succeeded, ...stopped });
    const [run] = await ours.ledger.runs('job');
    assert.equal(run?.attempts, 0);
  });

  claim('runs of several ticks may be under way, and each has its own end', async ({ ours }) => {
    const lease = await beginTerm(ours);
    await ours.ledger.begin(lease, 'job', minute(1));
    await ours.ledger.begin(lease, 'job', minute(2));
    await ours.ledger.finish(lease, { ...succeeded, scheduledFor: minute(1) });
    const runs = await ours.ledger.runs('job');
    assert.deepEqual(
      runs.map(({ outcome }) => outcome),
      ['running', 'succeeded'],
    );
  });

  claim('to end what is not running does nothing', async ({ ours }) => {
    const lease = await beginTerm(ours);
    await runTick(ours, lease, minute(1));
    const last = minute(2);
    const unrun = { job: 'job', first: last, last, ticks: 1, outcome: 'missed' } as const;
    await ours.ledger.recordUnrun(lease, unrun);
    const before = await told(ours);
    for (const count of [1, 2, 3]) {
      const failed = { scheduledFor: minute(count), outcome: 'failed', error: 'late' } as const;
      await ours.ledger.finish(lease, { ...succeeded, ...failed });
    }
    assert.deepEqual(await told(ours), before);
  });

  const errors: [string, string, string][] = [
    ['an empty error is kept', '', ''],
    ['an error of 2,000 code units is kept whole', 'x'.repeat(2000), 'x'.repeat(2000)],
    ['a longer error is cut', 'x'.repeat(2001), 'x'.repeat(2000)],
    ['no character is cut in half', `${'x'.repeat(1999)}😀`, 'x'.repeat(1999)],
    ['a last character that fits is kept', `${'x'.repeat(1998)}😀y`, `${'x'.repeat(1998)}😀`],
    ['half a character is replaced', 'a\ud83db', 'a\ufffdb'],
    [
      'half a character at the cut is replaced',
      `${'x'.repeat(1999)}\ud83dy`,
      `${'x'.repeat(1999)}\ufffd`,
    ],
  ];
  for (const [name, error, kept] of errors) {
    claim(name, async ({ ours }) => {
      const lease = await beginTerm(ours);
      await ours.ledger.begin(lease, 'job', minute(1));
      const failed = { scheduledFor: minute(1), outcome: 'failed', error } as const;
      await ours.ledger.finish(lease, { ...succeeded, ...failed });
      const [run] = await ours.ledger.runs('job');
      assert.equal(run?.error, kept);
    });
  }
}
