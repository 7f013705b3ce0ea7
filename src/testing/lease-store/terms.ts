import assert from 'node:assert/strict';
import type { LeaseClaim, LeaseStoreHarness } from './harness.ts';

export function termClaims(claim: LeaseClaim, harness: LeaseStoreHarness): void {
  claim('the store says of itself what the harness says of it', async ({ ours }) => {
    assert.deepEqual({ ...ours.leases.capabilities }, { ...harness.capabilities });
  });

  claim('a lease that nobody has had can be had at once', async ({ ours }) => {
    const lease = await ours.leases.acquire('lease');
    assert.equal(lease.name, 'lease');
    assert.equal(lease.reason, 'first');
    assert.deepEqual(lease.holder, ours.leases.instance);
    assert.equal(lease.isHeld(), true);
    assert.equal(lease.signal.aborted, false);
    assert.ok(Number.isSafeInteger(lease.fencingToken) && lease.fencingToken > 0);
  });

  claim('no two instances have the same id', async ({ ours, theirs }) => {
    assert.notEqual(ours.leases.instance.id, theirs.leases.instance.id);
  });

  claim('while one holds it, nobody else can have it', async ({ ours, theirs }) => {
    const lease = await ours.leases.tryAcquire('lease');
    assert.ok(lease);
    assert.equal(await theirs.leases.tryAcquire('lease'), null);
    assert.equal(await ours.leases.tryAcquire('lease'), null, 'not even who holds it');
    assert.ok(await theirs.leases.tryAcquire('another'), 'leases are held by name');
  });

  claim('once it is released, another can have it at once', async ({ ours, theirs }) => {
    const lease = await ours.leases.acquire('lease');
    assert.equal(await lease.release(), true);
    const next = await theirs.leases.tryAcquire('lease');
    assert.equal(next?.reason, 'released');
  });

  claim('its signal aborts when it is released', async ({ ours }) => {
    const lease = await ours.leases.acquire('lease');
    await lease.release();
    assert.equal(lease.isHeld(), false);
    assert.equal(lease.signal.aborted, true);
    assert.equal((lease.signal.reason as { code?: string }).code, 'ONEHOST_LEASE_LOST');
  });

  claim('to release it twice is false, and does not touch the term after it', async (context) => {
    const { ours, theirs } = context;
    const lease = await ours.leases.acquire('lease');
    await lease.release();
    const next = await theirs.leases.acquire('lease');
    assert.equal(await lease.release(), false);
    await lease[Symbol.asyncDispose]();
    await next.renew();
    assert.equal(next.isHeld(), true);
    assert.equal(await ours.leases.tryAcquire('lease'), null);
  });

  claim('a lost one is released by a value and not by an exception', async ({ ours, theirs }) => {
    const lease = await ours.leases.acquire('lease');
    assert.ok(await theirs.leases.steal(lease));
    assert.equal(await lease.release(), false);
    assert.equal(await ours.leases.tryAcquire('lease'), null, 'the thief still holds it');
  });

  claim('it is released at the end of its block', async ({ ours, theirs }) => {
    {
      await using lease = await ours.leases.acquire('lease');
      assert.equal(lease.isHeld(), true);
    }
    assert.ok(await theirs.leases.tryAcquire('lease'));
  });

  claim('closing the store releases all that it holds', async ({ ours, theirs }) => {
    const leases = [await ours.leases.acquire('a'), await ours.leases.acquire('b')];
    await ours.leases.close();
    for (const lease of leases) assert.equal(lease.isHeld(), false);
    assert.equal((await theirs.leases.tryAcquire('a'))?.reason, 'released');
    assert.equal((await theirs.leases.tryAcquire('b'))?.reason, 'released');
  });

  claim('it can be stolen, by whoever names the exact term', async ({ ours, theirs }) => {
    const first = await ours.leases.acquire('lease');
    await first.release();
    const second = await ours.leases.acquire('lease');
    assert.equal(await theirs.leases.steal(first), null, 'that term is over');
    const stranger = { ...first, name: 'lease', fencingToken: second.fencingToken };
    const holder = { ...second.holder, id: theirs.leases.instance.id };
    assert.equal(await theirs.leases.steal({ ...stranger, holder }), null, 'another holder');
    assert.equal(second.isHeld(), true);
    const stolen = await theirs.leases.steal(second);
    assert.equal(stolen?.reason, 'stolen');
    await assert.rejects(async () => second.renew(), { code: 'ONEHOST_LEASE_LOST' });
    assert.equal(second.isHeld(), false);
    assert.equal(second.signal.aborted, true);
  });

  claim('a later term of the same instance is not renewed by an earlier one', async ({ ours }) => {
    const first = await ours.leases.acquire('lease');
    const second = await ours.leases.steal(first);
    assert.ok(second);
    await assert.rejects(async () => first.renew(), { code: 'ONEHOST_LEASE_LOST' });
    assert.equal(first.isHeld(), false);
    await second.renew();
    assert.equal(second.isHeld(), true);
  });

  claim('what nobody holds cannot be stolen', async ({ ours, theirs }) => {
    const lease = await ours.leases.acquire('lease');
    await lease.release();
    assert.equal(await theirs.leases.steal(lease), null);
  });

  claim('of many that try at once, one has it', async ({ ours, theirs }) => {
    const tries = Array.from({ length: 20 }, async (_, index) =>
      (index % 2 === 0 ? ours : theirs).leases.tryAcquire('lease'),
    );
    const had = (await Promise.all(tries)).filter((lease) => lease !== null);
    assert.equal(had.length, 1);
  });
}
