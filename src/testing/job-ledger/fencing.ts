import assert from 'node:assert/strict';
import type { Lease } from '../../contract/lease.ts';
import {
  beginTerm,
  type JobClaim,
  type JobClaimContext,
  minute,
  runTick,
  told,
} from './harness.ts';

/** Each write that a ledger knows, of ticks and jobs that it would accept while the term lasts. */
function everyWrite({ ours }: JobClaimContext, lease: Lease): [string, () => unknown][] {
  const { ledger } = ours;
  const job = 'job';
  const over = { outcome: 'succeeded', attempts: 1, error: null } as const;
  const unrun = { first: minute(2), last: minute(3), ticks: 2, outcome: 'missed' } as const;
  const startAt = minute(4);
  return [
    ['register', () => ledger.register(lease, { name: 'new', schedule: 'hourly', startAt })],
    ['register again', () => ledger.register(lease, { name: job, schedule: 'hourly', startAt })],
    ['begin', () => ledger.begin(lease, job, minute(2))],
    ['begin again', () => ledger.begin(lease, job, minute(1))],
    ['finish', () => ledger.finish(lease, { job, scheduledFor: minute(1), ...over })],
    ['recordUnrun', () => ledger.recordUnrun(lease, { job, ...unrun })],
    ['rewind', () => ledger.rewind(lease, { job, to: minute(0) })],
  ];
}

/** How a term can end; the holder has not been told when its clock does not say so. */
const ends: [string, (context: JobClaimContext, lease: Lease) => Promise<unknown>][] = [
  ['it was released', async (_, lease) => lease.release()],
  [
    'it was released and another has it',
    async ({ theirs }, lease) => {
      await lease.release();
      await theirs.leases.acquire('scheduler');
    },
  ],
  ['it was stolen', async ({ theirs }, lease) => theirs.leases.steal(lease)],
  ['this instance itself stole it', async ({ ours }, lease) => ours.leases.steal(lease)],
  ['its time is over', async ({ ours }) => ours.stall(3600)],
  [
    'its time is over and another has it',
    async ({ ours, theirs }) => {
      await ours.stall(3600);
      assert.ok(await theirs.leases.tryAcquire('scheduler'));
    },
  ],
  ['its lease store was closed', async ({ ours }) => ours.leases.close()],
];

export function fencingClaims(claim: JobClaim): void {
  for (const [how, end] of ends) {
    claim(`nothing is written under a term when ${how}`, async (context) => {
      const { ours, theirs } = context;
      const lease = await beginTerm(ours);
      await ours.ledger.begin(lease, 'job', minute(1));
      const before = await told(theirs);
      await end(context, lease);
      for (const [name, write] of everyWrite(context, lease)) {
        await assert.rejects(async () => write(), { code: 'ONEHOST_LEASE_LOST' }, name);
      }
      assert.deepEqual(await told(theirs), before);
    });
  }

  claim('who finds out by a write that the term is over stops trusting it', async (context) => {
    const { ours, theirs } = context;
    const lease = await beginTerm(ours);
    await theirs.leases.steal(lease);
    assert.equal(lease.isHeld(), true, 'nobody has told it yet');
    const begin = async () => ours.ledger.begin(lease, 'job', minute(1));
    await assert.rejects(begin, { code: 'ONEHOST_LEASE_LOST' });
    assert.equal(lease.isHeld(), false);
    assert.equal(lease.signal.aborted, true);
  });

  claim(
    'a later term of the same instance does not end the runs of an earlier',
    async (context) => {
      const { ours } = context;
      const first = await beginTerm(ours);
      await ours.ledger.begin(first, 'job', minute(1));
      const before = await told(ours);
      await first.release();
      const second = await ours.leases.acquire('scheduler');
      const over = { outcome: 'succeeded', attempts: 1, error: null } as const;
      await ours.ledger.finish(second, { job: 'job', scheduledFor: minute(1), ...over });
      assert.deepEqual(await told(ours), before);
    },
  );

  claim('what is recorded can be read without a lease, by anybody', async ({ ours, theirs }) => {
    const lease = await beginTerm(ours);
    await runTick(ours, lease, minute(1));
    await lease.release();
    assert.deepEqual(await told(theirs), await told(ours));
    assert.equal((await theirs.ledger.runs('job')).length, 1);
  });
}
