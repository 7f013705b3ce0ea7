import assert from 'node:assert/strict';
import { beginTerm, everyMinute, type JobClaim, minute, told } from './harness.ts';

export function registeringClaims(claim: JobClaim): void {
  claim('where nobody registered anything there are no jobs and no runs', async ({ ours }) => {
    assert.deepEqual(await ours.ledger.jobs(), []);
    assert.deepEqual(await ours.ledger.runs('job'), []);
  });

  claim('the ticks of a new job count from its start', async ({ ours, theirs }) => {
    const lease = await ours.leases.acquire('scheduler');
    const registered = await ours.ledger.register(lease, everyMinute('job'));
    assert.deepEqual(registered, { handledUntil: minute(0), replacedSchedule: null });
    assert.deepEqual(await theirs.ledger.jobs(), [
      { name: 'job', schedule: 'every minute', handledUntil: minute(0) },
    ]);
    assert.equal(await ours.ledger.begin(lease, 'job', minute(0)), false);
    const next = new Date(minute(0).getTime() + 1);
    assert.equal(await ours.ledger.begin(lease, 'job', next), true);
  });

  for (const start of [-5, 5]) {
    const when = start < 0 ? 'earlier' : 'later';
    claim(`a known job goes on where it was, whatever its ${when} start`, async ({ ours }) => {
      const lease = await beginTerm(ours);
      await ours.ledger.begin(lease, 'job', minute(2));
      const again = { ...everyMinute('job'), startAt: minute(start) };
      assert.deepEqual(await ours.ledger.register(lease, again), {
        handledUntil: minute(2),
        replacedSchedule: null,
      });
      assert.equal(await ours.ledger.begin(lease, 'job', minute(2)), false);
      assert.equal(await ours.ledger.begin(lease, 'job', minute(3)), true);
    });
  }

  for (const start of [-5, 5]) {
    const when = start < 0 ? 'earlier' : 'later';
    claim(
      `so does one with a new schedule, and names the one before: a ${when} start`,
      async (context) => {
        const { ours, theirs } = context;
        const lease = await beginTerm(ours);
        await ours.ledger.begin(lease, 'job', minute(2));
        const hourly = { name: 'job', schedule: 'every hour', startAt: minute(start) };
        assert.deepEqual(await ours.ledger.register(lease, hourly), {
          handledUntil: minute(2),
          replacedSchedule: 'every minute',
        });
        assert.deepEqual(await theirs.ledger.jobs(), [
          { name: 'job', schedule: 'every hour', handledUntil: minute(2) },
        ]);
        assert.equal(await ours.ledger.begin(lease, 'job', minute(1)), false);
        assert.equal(await ours.ledger.begin(lease, 'job', minute(2)), false);
        assert.equal(await ours.ledger.begin(lease, 'job', minute(3)), true);
        const { replacedSchedule } = await ours.ledger.register(lease, hourly);
        assert.equal(replacedSchedule, null, 'it is the same now');
      },
    );
  }

  claim('a job of one lease is refused under another, and nothing is written', async (context) => {
    const { ours, theirs } = context;
    const lease = await beginTerm(ours);
    await ours.ledger.begin(lease, 'job', minute(1));
    const before = await told(ours);
    const other = await theirs.leases.acquire('another');
    const unrun = { first: minute(2), last: minute(2), ticks: 1, outcome: 'missed' } as const;
    const writes = [
      () => theirs.ledger.register(other, { ...everyMinute('job'), schedule: 'every hour' }),
      () => theirs.ledger.begin(other, 'job', minute(2)),
      () => theirs.ledger.recordUnrun(other, { job: 'job', ...unrun }),
      () => theirs.ledger.rewind(other, { job: 'job', to: minute(0) }),
    ];
    for (const write of writes) {
      await assert.rejects(async () => write(), { code: 'ONEHOST_INVALID_JOB' });
    }
    assert.deepEqual(await told(ours), before);
  });

  claim(
    'of two that register a job at once under leases of their own, one has it',
    async (context) => {
      const { ours, theirs } = context;
      const [our, their] = [
        await ours.leases.acquire('one'),
        await theirs.leases.acquire('another'),
      ];
      for (let round = 0; round < 8; round++) {
        const job = everyMinute(`job ${round}`);
        const both = [
          (async () => ours.ledger.register(our, job))(),
          (async () => theirs.ledger.register(their, job))(),
        ];
        const refused = (await Promise.allSettled(both)).filter(
          ({ status }) => status === 'rejected',
        );
        assert.equal(refused.length, 1);
        assert.equal((refused[0] as PromiseRejectedResult).reason.code, 'ONEHOST_INVALID_JOB');
      }
    },
  );

  claim('who registers a job twice at once has registered it', async ({ ours }) => {
    const lease = await ours.leases.acquire('scheduler');
    const both = await Promise.all([
      ours.ledger.register(lease, everyMinute('job')),
      ours.ledger.register(lease, everyMinute('job')),
    ]);
    assert.deepEqual(both, Array(2).fill({ handledUntil: minute(0), replacedSchedule: null }));
  });

  claim('a schedule is kept as it was registered, whatever is in it', async ({ ours }) => {
    const lease = await ours.leases.acquire('scheduler');
    for (const schedule of ['', '*/5 \' " ☃\0', 'x'.repeat(10_000), '\ud800']) {
      const job = { name: schedule.slice(0, 5).toWellFormed() || 'empty', schedule };
      await ours.ledger.register(lease, { ...job, startAt: minute(0) });
      const { replacedSchedule } = await ours.ledger.register(lease, {
        ...job,
        startAt: minute(0),
      });
      assert.equal(replacedSchedule, null);
    }
  });

  claim('jobs are listed by name, each with its own ticks', async ({ ours, place }) => {
    const lease = await beginTerm(ours, everyMinute('b'));
    for (const name of ['c', 'a']) {
      await place.advance(1);
      await ours.ledger.register(lease, everyMinute(name));
    }
    assert.equal(await ours.ledger.begin(lease, 'c', minute(4)), true);
    assert.equal(await ours.ledger.begin(lease, 'a', minute(2)), true);
    const jobs = await ours.ledger.jobs();
    assert.deepEqual(
      jobs.map(({ name, handledUntil }) => [name, handledUntil]),
      [
        ['a', minute(2)],
        ['b', minute(0)],
        ['c', minute(4)],
      ],
    );
    assert.deepEqual(await ours.ledger.runs('b'), []);
  });
}
