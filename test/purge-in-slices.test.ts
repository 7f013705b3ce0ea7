import { expect, test } from 'vitest';
import { purgeInSlices } from '../src/session-purging/purge-in-slices.ts';
import { ManualClock } from '../src/testing/index.ts';

test('a purge lets the event loop turn between two slices', async () => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  let slices = 0;
  const slice = () => ({ removed: 1, done: ++slices === 20 });
  expect(await purgeInSlices(slice, new ManualClock())).toEqual({ removed: 20, complete: true });
  isOver = true;
  expect(turns).toBeGreaterThanOrEqual(19);
});

test('a purge ends when its time is used up, after one slice at least', async () => {
  const clock = new ManualClock();
  const slice = () => {
    clock.advance(1);
    return { removed: 5, done: false };
  };
  const purge = (timeBudgetSeconds: number) => purgeInSlices(slice, clock, { timeBudgetSeconds });
  expect(await purge(3)).toEqual({ removed: 15, complete: false });
  expect(await purge(0.1)).toEqual({ removed: 5, complete: false });
});

test('the options of a purge are checked', async () => {
  const purge = (options: object) =>
    purgeInSlices(() => ({ removed: 0, done: true }), new ManualClock(), options);
  await expect(purge({ sliceEntries: 0 })).rejects.toThrow(/sliceEntries/);
  await expect(purge({ timeBudgetSeconds: 0 })).rejects.toThrow(RangeError);
  await expect(purge({ slices: 3 })).rejects.toThrow(/timeBudgetSeconds/);
});
