import assert from 'node:assert/strict';
import type { LeaseClaim } from './harness.ts';
import { pass } from './waiting.ts';

const DAY = 24 * 60 * 60;

export function timeClaims(claim: LeaseClaim): void {
  claim('a holder that goes on renewing keeps it', async ({ ours, theirs, place }) => {
    const lease = await ours.leases.acquire('lease', { durationSeconds: 2 });
    for (let second = 0; second < 10; second++) {
      await pass(place, 1);
      assert.equal(lease.isHeld(), true);
      assert.equal(await theirs.leases.tryAcquire('lease'), null);
    }
  });

  claim('a holder that was stopped for less than the window goes on', async (context) => {
    const { ours, place } = context;
    const lease = await ours.leases.acquire('lease', { durationSeconds: 10, marginSeconds: 1 });
    await ours.stall(8.9);
    assert.equal(lease.isHeld(), true);
    await pass(place, 8);
    assert.equal(lease.isHeld(), true);
  });

  claim(
    'a renewal begins the duration anew, for its holder and for all others',
    async (context) => {
      const { ours, theirs } = context;
      const lease = await ours.leases.acquire('lease', { durationSeconds: 10, marginSeconds: 1 });
      await ours.stall(8);
      await lease.renew();
      await ours.stall(8);
      assert.equal(lease.isHeld(), true);
      assert.equal(await theirs.leases.tryAcquire('lease'), null);
    },
  );

  claim('a holder that was stopped for longer has lost it when it looks', async (context) => {
    const { ours, theirs } = context;
    const lease = await ours.leases.acquire('lease', { durationSeconds: 10, marginSeconds: 1 });
    await ours.stall(9);
    // No timer has run; the clock says it.
    assert.equal(lease.isHeld(), false);
    assert.equal(lease.signal.aborted, true);
    assert.equal((lease.signal.reason as { code?: string }).code, 'ONEHOST_LEASE_LOST');
    await assert.rejects(async () => lease.renew(), { code: 'ONEHOST_LEASE_LOST' });
    assert.equal(await theirs.leases.tryAcquire('lease'), null, 'the margin is not over');
  });

  claim('the signal aborts before others may take over', async ({ ours, theirs, place }) => {
    const lease = await ours.leases.acquire('lease', { durationSeconds: 10, marginSeconds: 2 });
    await ours.stall(7.9);
    assert.equal(lease.isHeld(), true);
    // The timers of the holder run again, at the end of the window: it stops by itself.
    await ours.stall(0.2);
    assert.equal(await theirs.leases.tryAcquire('lease'), null);
    await place.advance(0);
    assert.equal(lease.signal.aborted, true);
    assert.equal(await theirs.leases.tryAcquire('lease'), null);
  });

  claim('after the duration without renewal another has it', async ({ ours, theirs }) => {
    const lease = await ours.leases.acquire('lease', { durationSeconds: 10 });
    assert.equal(await theirs.leases.tryAcquire('lease'), null);
    await ours.stall(10.5);
    const next = await theirs.leases.tryAcquire('lease');
    assert.equal(next?.reason, 'expired');
    assert.ok(next.fencingToken > lease.fencingToken);
    assert.equal(lease.isHeld(), false);
  });

  claim(
    'a term lasts as long as was asked for, however long the one before it did',
    async (context) => {
      const { ours, theirs } = context;
      const before = await theirs.leases.acquire('lease', { durationSeconds: 2 });
      await before.release();
      const lease = await ours.leases.acquire('lease', { durationSeconds: 20 });
      await ours.stall(10);
      assert.equal(lease.isHeld(), true);
      assert.equal(await theirs.leases.tryAcquire('lease'), null);
    },
  );

  claim('a term that was lost does not come back, though nobody took it', async (context) => {
    const { ours, place } = context;
    const lease = await ours.leases.acquire('lease', { durationSeconds: 10 });
    await ours.stall(9.5);
    assert.equal(lease.isHeld(), false);
    await pass(place, 3);
    assert.equal(lease.isHeld(), false);
    await assert.rejects(async () => lease.renew(), { code: 'ONEHOST_LEASE_LOST' });
  });

  claim('who lost it by the clock can have it again, as a new term', async ({ ours, theirs }) => {
    const lease = await ours.leases.acquire('lease', { durationSeconds: 10 });
    await ours.stall(11);
    const next = await ours.leases.tryAcquire('lease');
    assert.ok(next && next.fencingToken > lease.fencingToken);
    assert.equal(lease.isHeld(), false);
    assert.equal(await lease.release(), false);
    assert.equal(next.isHeld(), true);
    assert.equal(await theirs.leases.tryAcquire('lease'), null, 'the new term is not released');
  });

  for (const seconds of [DAY, -DAY]) {
    const way = seconds > 0 ? 'forth' : 'back';
    claim(`a wall clock set ${way} by a day changes nothing`, async (context) => {
      const { ours, theirs, place } = context;
      const lease = await ours.leases.acquire('lease', { durationSeconds: 5 });
      const waiting = theirs.leases.acquire('lease', { timeoutSeconds: 60 });
      waiting.catch(() => {});
      await pass(place, 1);
      await place.setWallClockBy(seconds);
      await pass(place, 12);
      assert.equal(lease.isHeld(), true);
      assert.equal(await theirs.leases.tryAcquire('lease'), null);
      await lease.release();
      await pass(place, 0.2);
      const next = await waiting;
      assert.ok(next.fencingToken > lease.fencingToken);
    });
  }
}
