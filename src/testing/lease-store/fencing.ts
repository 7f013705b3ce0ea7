import assert from 'node:assert/strict';
import { type Awaitable, isThenable } from '../../contract/awaitable.ts';
import type { Lease } from '../../contract/lease.ts';
import type { LeaseClaim, TestInstance } from './harness.ts';

const DAY = 24 * 60 * 60;

async function write(lease: Lease, { counter }: TestInstance): Promise<void> {
  await lease.transaction((connection) => counter?.write(connection));
}

/** At once where the value is there: the work of some backends must be done when it returns. */
function after<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isThenable(value) ? value.then(next) : next(value);
}

/** What is taken from the holder of `lease`; `null` when nobody can take it now. */
function stealNow({ leases }: TestInstance, lease: Lease): Awaitable<Lease | null> {
  try {
    const stolen = leases.steal(lease);
    return isThenable(stolen) ? stolen.then(undefined, () => null) : stolen;
  } catch {
    return null;
  }
}

export function fencingClaims(claim: LeaseClaim): void {
  claim('the token rises with each term, whoever has it', async ({ ours, theirs, place }) => {
    let last = 0;
    for (let term = 0; term < 6; term++) {
      const { leases } = term % 2 === 0 ? ours : theirs;
      const lease = await leases.acquire('lease');
      assert.ok(lease.fencingToken > last, `${lease.fencingToken} after ${last}`);
      last = lease.fencingToken;
      await lease.release();
      // Not even a clock that goes back makes one fall.
      await place.setWallClockBy(-DAY);
    }
  });

  claim(
    'what the holder writes is written',
    async ({ ours }) => {
      const lease = await ours.leases.acquire('lease');
      await write(lease, ours);
      await write(lease, ours);
      assert.equal(await ours.counter?.read(), 2);
    },
    'transactions',
  );

  claim(
    'the result of the work is given back, and what it throws thrown on',
    async ({ ours }) => {
      const lease = await ours.leases.acquire('lease');
      assert.equal(await lease.transaction(() => 'done'), 'done');
      const error = new Error('of the app');
      const failing = async () =>
        lease.transaction((connection) => {
          const written = ours.counter?.write(connection);
          const fail = () => {
            throw error;
          };
          return written === undefined ? fail() : written.then(fail);
        });
      await assert.rejects(failing, (thrown) => thrown === error);
      assert.equal(await ours.counter?.read(), 0, 'what was written before the error is undone');
      assert.equal(lease.isHeld(), true);
    },
    'transactions',
  );

  claim(
    'who was stopped past its duration writes nothing, whether or not another has it by now',
    async ({ ours, theirs }) => {
      const lease = await ours.leases.acquire('lease', { durationSeconds: 10 });
      await ours.stall(11);
      await assert.rejects(() => write(lease, ours), { code: 'ONEHOST_LEASE_LOST' });
      const next = await theirs.leases.tryAcquire('lease');
      assert.ok(next);
      await write(next, theirs);
      await assert.rejects(() => write(lease, ours), { code: 'ONEHOST_LEASE_LOST' });
      assert.equal(await ours.counter?.read(), 1);
    },
    'transactions',
  );

  claim(
    'who was robbed writes nothing, though its clock says that it holds it',
    async ({ ours, theirs }) => {
      const lease = await ours.leases.acquire('lease');
      const stolen = await theirs.leases.steal(lease);
      assert.ok(stolen);
      assert.equal(lease.isHeld(), true, 'nobody has told it yet');
      await assert.rejects(() => write(lease, ours), { code: 'ONEHOST_LEASE_LOST' });
      assert.equal(lease.isHeld(), false);
      assert.equal(await ours.counter?.read(), 0);
      await write(stolen, theirs);
      assert.equal(await ours.counter?.read(), 1);
    },
    'transactions',
  );

  for (const order of ['before', 'after'] as const) {
    claim(
      `who is robbed ${order} a write of the work commits none of it`,
      async ({ ours, theirs }) => {
        const lease = await ours.leases.acquire('lease');
        let stolen: Lease | null = null;
        const steal = () =>
          after(stealNow(theirs, lease), (term) => {
            stolen = term;
          });
        const running = async () =>
          lease.transaction((connection) => {
            const count = () => ours.counter?.write(connection);
            return order === 'before' ? after(steal(), count) : after(count(), steal);
          });
        const lost = await running().then(
          () => false,
          (error: { code?: unknown }) => {
            assert.equal(error.code, 'ONEHOST_LEASE_LOST');
            return true;
          },
        );
        // Where the work keeps every other writer out, it cannot be robbed meanwhile, and is committed.
        assert.equal(lost, stolen !== null);
        assert.equal(lease.isHeld(), stolen === null);
        assert.equal(await ours.counter?.read(), stolen === null ? 1 : 0);
      },
      'transactions',
    );
  }

  claim(
    'a term of the same holder is another term',
    async ({ ours }) => {
      const first = await ours.leases.acquire('lease');
      const second = await ours.leases.steal(first);
      assert.ok(second && second.fencingToken > first.fencingToken);
      await assert.rejects(() => write(first, ours), { code: 'ONEHOST_LEASE_LOST' });
      await write(second, ours);
      assert.equal(await ours.counter?.read(), 1);
    },
    'transactions',
  );

  claim(
    'after its release nothing is written under it',
    async ({ ours }) => {
      const lease = await ours.leases.acquire('lease');
      await lease.release();
      await assert.rejects(() => write(lease, ours), { code: 'ONEHOST_LEASE_LOST' });
      assert.equal(await ours.counter?.read(), 0);
    },
    'transactions',
  );
}
