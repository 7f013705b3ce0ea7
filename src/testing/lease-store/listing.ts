import assert from 'node:assert/strict';
import type { LeaseClaim } from './harness.ts';
import { pass } from './waiting.ts';

export function listingClaims(claim: LeaseClaim): void {
  claim('every lease is listed by name, for all alike', async ({ ours, theirs }) => {
    const b = await ours.leases.acquire('b', { durationSeconds: 7 });
    await theirs.leases.acquire('a');
    for (const { leases } of [ours, theirs]) {
      const list = await leases.list();
      assert.deepEqual(
        list.map(({ name }) => name),
        ['a', 'b'],
      );
      const summary = list[1];
      assert.deepEqual(summary?.holder, ours.leases.instance);
      assert.equal(summary?.fencingToken, b.fencingToken);
      assert.equal(summary?.durationSeconds, 7);
      assert.equal(summary?.reason, 'first');
      assert.equal(summary?.evidence, 'renewed');
    }
  });

  claim('the last heartbeat moves, and the time of acquiring does not', async (context) => {
    const { ours, theirs, place } = context;
    await ours.leases.acquire('lease', { durationSeconds: 3 });
    const [before] = await theirs.leases.list();
    await pass(place, 5);
    const [after] = await theirs.leases.list();
    assert.ok(before && after);
    assert.equal(after.acquiredAt.getTime(), before.acquiredAt.getTime());
    assert.ok(after.lastHeartbeatAt.getTime() >= before.lastHeartbeatAt.getTime() + 3000);
  });

  claim('one that was released is listed without a holder', async ({ ours, theirs }) => {
    const lease = await ours.leases.acquire('lease');
    await lease.release();
    const [summary] = await theirs.leases.list();
    assert.equal(summary?.holder, null);
    assert.equal(summary?.evidence, 'none');
    assert.equal(summary?.fencingToken, lease.fencingToken);
  });

  claim('how each term came about can be seen', async ({ ours, theirs }) => {
    const first = await ours.leases.acquire('lease');
    await first.release();
    const second = await theirs.leases.acquire('lease');
    assert.equal((await ours.leases.list())[0]?.reason, 'released');
    await ours.leases.steal(second);
    assert.equal((await theirs.leases.list())[0]?.reason, 'stolen');
    assert.deepEqual((await theirs.leases.list())[0]?.holder, ours.leases.instance);
  });
}
