import { channel } from 'node:diagnostics_channel';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LeaseLostError } from '../../src/contract/errors/index.ts';
import type { OnehostEvents } from '../../src/contract/events.ts';
import { LeaseKeeper } from '../../src/lease-keeping/lease-keeper.ts';
import { ManualClock } from '../../src/testing/index.ts';

/** A lease of 12 s with a margin of 2 s, whose renewals do what `renew` says. */
function keep(renew: (keeper: LeaseKeeper, clock: ManualClock) => void | Promise<void>) {
  const clock = new ManualClock();
  const attempts: number[] = [];
  const start = clock.monotonic();
  const keeper: LeaseKeeper = new LeaseKeeper(
    {
      name: 'lease',
      fencingToken: 7,
      durationMilliseconds: 12_000,
      marginMilliseconds: 2_000,
      attemptedAt: start,
    },
    clock,
    () => {
      attempts.push((clock.monotonic() - start) / 1000);
      return renew(keeper, clock);
    },
  );
  return { keeper, clock, attempts };
}

/** Lets time pass in steps, and what awaits go on. */
async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 0.5) {
    clock.advance(0.5);
    await new Promise(setImmediate);
  }
}

describe('the keeper of a lease', () => {
  test('renews each third of the duration, for as long as it is held', async () => {
    const { keeper, clock, attempts } = keep((self, at) => self.renewed(at.monotonic()));
    await pass(clock, 60);
    expect(keeper.isHeld()).toBe(true);
    expect(attempts).toEqual(Array.from({ length: 15 }, (_, index) => 4 * (index + 1)));
    keeper.release();
    await pass(clock, 60);
    expect(attempts).toHaveLength(15);
  });

  test('trusts itself from the beginning of an attempt, not from its end', async () => {
    const { keeper, clock } = keep((self, at) => {
      const attemptedAt = at.monotonic();
      at.stall(5);
      self.renewed(attemptedAt);
    });
    clock.advance(4);
    await new Promise(setImmediate);
    // Attempted at 4 s, answered at 9 s: trusted until 4 + 12 - 2.
    clock.stall(14 - 9 - 0.001);
    expect(keeper.isHeld()).toBe(true);
    clock.stall(0.001);
    expect(keeper.isHeld()).toBe(false);
  });

  test('takes no error for a success, and tries again until the window is over', async () => {
    const told: OnehostEvents['onehost:lease-renewal-failed'][] = [];
    const listener = (event: unknown) =>
      told.push(event as OnehostEvents['onehost:lease-renewal-failed']);
    channel('onehost:lease-renewal-failed').subscribe(listener);
    onTestFinished(() => {
      channel('onehost:lease-renewal-failed').unsubscribe(listener);
    });
    const failure = new Error('the disk is full');
    const { keeper, clock, attempts } = keep(() => {
      throw failure;
    });
    await pass(clock, 9.5);
    expect(keeper.isHeld()).toBe(true);
    expect(attempts[0]).toBe(4);
    // Often enough that a file that is locked for a moment costs no lease.
    expect(attempts.length).toBeGreaterThan(7);
    await pass(clock, 1);
    expect(keeper.signal.aborted).toBe(true);
    expect(keeper.signal.reason).toMatchObject({
      code: 'ONEHOST_LEASE_LOST',
      cause: failure,
      message: expect.stringContaining('the disk is full'),
    });
    expect(told[0]).toEqual({ name: 'lease', fencingToken: 7, error: failure });
    expect(told).toHaveLength(attempts.length);
  });

  test('goes on when an attempt succeeds after others failed', async () => {
    let fails = true;
    const { keeper, clock } = keep((self, at) => {
      if (fails) throw new Error('for now');
      self.renewed(at.monotonic());
    });
    await pass(clock, 8);
    fails = false;
    await pass(clock, 30);
    expect(keeper.isHeld()).toBe(true);
  });

  test('stops by itself while an attempt hangs', async () => {
    const { keeper, clock, attempts } = keep(() => new Promise(() => {}));
    await pass(clock, 10);
    expect(keeper.signal.aborted).toBe(true);
    expect(attempts).toEqual([4]);
  });

  test('is not revived by an attempt that comes back too late', async () => {
    const { keeper, clock } = keep(() => {});
    const attemptedAt = clock.monotonic();
    clock.stall(10);
    expect(keeper.isHeld()).toBe(false);
    keeper.renewed(attemptedAt + 9_000);
    expect(keeper.isHeld()).toBe(false);
    expect(() => keeper.assertHeld()).toThrow(LeaseLostError);
  });

  test('is not set back by an attempt that comes back after a later one', () => {
    const { keeper, clock } = keep(() => {});
    const first = clock.monotonic();
    clock.stall(3);
    keeper.renewed(clock.monotonic());
    keeper.renewed(first);
    clock.stall(9.9);
    expect(keeper.isHeld()).toBe(true);
  });

  test('renews in time although the margin leaves less than a third', async () => {
    const clock = new ManualClock();
    const term = { name: 'lease', fencingToken: 1, attemptedAt: clock.monotonic() };
    const keeper: LeaseKeeper = new LeaseKeeper(
      { ...term, durationMilliseconds: 12_000, marginMilliseconds: 11_000 },
      clock,
      () => keeper.renewed(clock.monotonic()),
    );
    await pass(clock, 20);
    expect(keeper.isHeld()).toBe(true);
  });

  test('says once that it was lost', () => {
    const told: unknown[] = [];
    const listener = (event: unknown) => told.push(event);
    channel('onehost:lease-lost').subscribe(listener);
    onTestFinished(() => {
      channel('onehost:lease-lost').unsubscribe(listener);
    });
    const { keeper, clock } = keep(() => {});
    clock.stall(11);
    keeper.isHeld();
    keeper.isHeld();
    keeper.lose(new LeaseLostError('once more'));
    expect(keeper.release()).toBe(false);
    expect(told).toEqual([{ name: 'lease', fencingToken: 7, error: keeper.signal.reason }]);
  });
});
