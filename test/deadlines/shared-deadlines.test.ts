import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SharedDeadlines } from '../../src/deadlines/shared-deadlines.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

const late = () => new Error('late');
const never = () => new Promise<never>(() => {});

test('what comes in time is given, with one timer for several', async () => {
  const clock = new ManualClock();
  const deadlines = new SharedDeadlines(clock, 1, late);
  const several = [1, 2, 3].map((number) => deadlines.within(async () => number));
  expect(clock.pendingTimers).toBe(1);
  expect(await Promise.all(several)).toEqual([1, 2, 3]);
  expect(await deadlines.within(() => 7)).toBe(7);
  expect(clock.pendingTimers).toBe(1);
  clock.advance(1);
  expect(clock.pendingTimers).toBe(0);
});

test('what is thrown in time is thrown on, also at once', async () => {
  const clock = new ManualClock();
  const deadlines = new SharedDeadlines(clock, 1, late);
  const error = new Error('of the server');
  const fail = () => {
    throw error;
  };
  await expect(deadlines.within(fail)).rejects.toBe(error);
  await expect(deadlines.within(async () => fail())).rejects.toBe(error);
  clock.advance(1);
});

test('what takes longer is given up at the deadline and not before, and is told so', async () => {
  const clock = new ManualClock();
  const deadlines = new SharedDeadlines(clock, 1, late);
  let told: AbortSignal | undefined;
  const answer = deadlines.within((signal) => {
    told = signal;
    return never();
  });
  const outcome = expect(answer).rejects.toThrow('late');
  clock.advance(0.999);
  expect(told?.aborted).toBe(false);
  clock.advance(0.001);
  await outcome;
  expect(told?.reason).toEqual(late());
});

test('who begins at about the same time is given up with the first, never later than asked for', async () => {
  const clock = new ManualClock();
  const deadlines = new SharedDeadlines(clock, 3.2, late);
  const times: number[] = [];
  const begin = clock.monotonic();
  const answers: Promise<unknown>[] = [];
  for (const after of [0, 0.05, 0.2, 3]) {
    clock.advance(after - (clock.monotonic() - begin) / 1000);
    const end = () => times.push(Math.round(clock.monotonic() - begin) / 1000);
    answers.push(deadlines.within(never).then(end, end));
  }
  for (let step = 0; step < 80; step++) {
    clock.advance(0.05);
    await nextTurn();
  }
  await Promise.all(answers);
  expect(times).toEqual([3.2, 3.2, 3.4, 6.2]);
});

test('an answer that came does not call the deadline of the others off', async () => {
  const clock = new ManualClock();
  const deadlines = new SharedDeadlines(clock, 1, late);
  const hanging = deadlines.within(never);
  const outcome = expect(hanging).rejects.toThrow('late');
  expect(await deadlines.within(() => 7)).toBe(7);
  clock.advance(1);
  await outcome;
  expect(await deadlines.within(() => 8), 'the next ones have time of their own').toBe(8);
});

test('a failure after the deadline is nobody’s, and no unhandled rejection', async () => {
  const clock = new ManualClock();
  const deadlines = new SharedDeadlines(clock, 1, late);
  let fail: (error: Error) => void = () => {};
  const answer = deadlines.within(
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  );
  clock.advance(1);
  await expect(answer).rejects.toThrow('late');
  fail(new Error('too late'));
  await nextTurn();
});
