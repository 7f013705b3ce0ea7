import { expect, test } from 'vitest';
import { withinDeadline } from '../../src/deadlines/within-deadline.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

const late = () => new Error('late');

test('what comes in time is given, and no timer is left', async () => {
  const clock = new ManualClock();
  await expect(withinDeadline(clock, 1, async () => 7, late)).resolves.toBe(7);
  await expect(withinDeadline(clock, 1, () => 7, late)).resolves.toBe(7);
  expect(clock.pendingTimers).toBe(0);
});

test('what is thrown in time is thrown on, also at once', async () => {
  const clock = new ManualClock();
  const error = new Error('of the server');
  const fail = () => {
    throw error;
  };
  await expect(withinDeadline(clock, 1, fail, late)).rejects.toBe(error);
  await expect(withinDeadline(clock, 1, async () => fail(), late)).rejects.toBe(error);
  expect(clock.pendingTimers).toBe(0);
});

test('what takes longer is given up at the deadline and not before, and is told so', async () => {
  const clock = new ManualClock();
  let told: AbortSignal | undefined;
  const answer = withinDeadline(
    clock,
    1,
    (signal) => {
      told = signal;
      return new Promise(() => {});
    },
    late,
  );
  const outcome = expect(answer).rejects.toThrow('late');
  clock.advance(0.999);
  expect(told?.aborted).toBe(false);
  clock.advance(0.001);
  await outcome;
  expect(told?.reason).toEqual(late());
});

test('a failure after the deadline is nobody’s, and no unhandled rejection', async () => {
  const clock = new ManualClock();
  let fail: (error: Error) => void = () => {};
  const answer = withinDeadline(
    clock,
    1,
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
    late,
  );
  clock.advance(1);
  await expect(answer).rejects.toThrow('late');
  fail(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
});
