import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LeaseClaim, LeaseTestPlace } from './harness.ts';

/** Lets time pass in small steps, and everything that waits for it go on in between. */
export async function pass(place: LeaseTestPlace, seconds: number): Promise<void> {
  const step = 0.05;
  for (let passed = 0; passed < seconds; passed += step) {
    await place.advance(Math.min(step, seconds - passed));
    // A backend across a network needs more than one turn to answer.
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  }
}

export function waitingClaims(claim: LeaseClaim): void {
  claim('a standby has it within 150 ms of its release', async ({ ours, theirs, place }) => {
    const lease = await ours.leases.acquire('lease');
    const waiting = theirs.leases.acquire('lease', { timeoutSeconds: 60 });
    await pass(place, 2);
    await lease.release();
    await pass(place, 0.15);
    const next = await Promise.race([waiting, nextTurn('late' as const)]);
    assert.ok(next !== 'late' && next.isHeld());
    assert.equal(next.reason, 'released');
  });

  claim('the wait ends after timeoutSeconds, and the error names the holder', async (context) => {
    const { ours, theirs, place } = context;
    await ours.leases.acquire('lease');
    const waiting = theirs.leases.acquire('lease', { timeoutSeconds: 1 });
    let ended = false;
    const end = () => {
      ended = true;
    };
    waiting.then(end, end);
    await pass(place, 0.9);
    assert.equal(ended, false);
    await pass(place, 0.2);
    await assert.rejects(waiting, (error: Error & { code?: string; lease?: unknown }) => {
      assert.equal(error.code, 'ONEHOST_LEASE_TIMEOUT');
      assert.match(error.message, new RegExp(String(ours.leases.instance.processId)));
      assert.deepEqual(
        (error.lease as { holder: unknown }).holder,
        ours.leases.instance,
        'the lease as it was last',
      );
      return true;
    });
  });

  claim('the wait ends by its signal, with the reason of the signal', async (context) => {
    const { ours, theirs, place } = context;
    const lease = await ours.leases.acquire('lease');
    const controller = new AbortController();
    const waiting = theirs.leases.acquire('lease', { signal: controller.signal });
    await pass(place, 0.3);
    const reason = new Error('no longer wanted');
    controller.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    await lease.release();
    await pass(place, 0.5);
    assert.ok(await ours.leases.tryAcquire('lease'), 'the wait that ended did not take it');
  });

  claim('a signal that has aborted before ends the wait before it begins', async ({ ours }) => {
    const reason = new Error('no longer wanted');
    const waiting = ours.leases.acquire('lease', { signal: AbortSignal.abort(reason) });
    await assert.rejects(waiting, (error) => error === reason);
    assert.deepEqual(await ours.leases.list(), []);
  });

  claim('closing the store ends its waits', async ({ ours, theirs, place }) => {
    await ours.leases.acquire('lease');
    const waiting = theirs.leases.acquire('lease');
    const refused = assert.rejects(waiting, { code: 'ONEHOST_LEASE_STORE_CLOSED' });
    await pass(place, 0.2);
    await theirs.leases.close();
    await refused;
  });

  claim('each of several that wait has it once, one after the other', async (context) => {
    const { ours, theirs, place } = context;
    const first = await ours.leases.acquire('lease');
    const tokens = [first.fencingToken];
    let holders = 0;
    const turns = [ours, theirs, ours, theirs].map(async ({ leases }) => {
      const lease = await leases.acquire('lease');
      assert.equal(++holders, 1);
      tokens.push(lease.fencingToken);
      await nextTurn();
      holders--;
      await lease.release();
    });
    await first.release();
    await pass(place, 1);
    await Promise.all(turns);
    assert.equal(new Set(tokens).size, 5);
    assert.deepEqual(
      tokens,
      tokens.toSorted((a, b) => a - b),
    );
  });
}
