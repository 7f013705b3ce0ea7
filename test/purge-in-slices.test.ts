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

test('a purge whose signal comes during a pause removes nothing more', async () => {
  const controller = new AbortController();
  let slices = 0;
  const slice = () => {
    slices++;
    // In the pause after it, of which the time that it says it took makes an hour.
    setImmediate(() => controller.abort());
    return { removed: 1, done: false, milliseconds: 3_600_000 };
  };
  const { signal } = controller;
  expect(await purgeInSlices(slice, new ManualClock(), { signal })).toEqual({
    removed: 1,
    complete: false,
  });
  expect(slices).toBe(1);
});

test('the options of a purge are checked', async () => {
  const purge = (options: object) =>
    purgeInSlices(() => ({ removed: 0, done: true }), new ManualClock(), options);
  await expect(purge({ sliceEntries: 0 })).rejects.toThrow(/sliceEntries/);
  await expect(purge({ timeBudgetSeconds: 0 })).rejects.toThrow(RangeError);
  await expect(purge({ slices: 3 })).rejects.toThrow(/timeBudgetSeconds/);
});

test('a slice that takes long is followed by a smaller one, and a quick one by a larger', async () => {
  const asked: number[] = [];
  const slice = (entries: number) => {
    asked.push(entries);
    // An entry takes a millisecond at first, and then next to nothing.
    const milliseconds = asked.length <= 3 ? entries : 0;
    return { removed: entries, done: asked.length === 20, milliseconds };
  };
  await purgeInSlices(slice, new ManualClock(), { sliceEntries: 100 });
  expect(asked.slice(0, 4)).toEqual([8, 1, 1, 1]);
  expect(asked.at(-1)).toBe(100);
});

test('a slice that does not say how long it took is timed', async () => {
  const asked: number[] = [];
  const slice = (entries: number) => {
    asked.push(entries);
    const end = performance.now() + 20;
    while (performance.now() < end);
    return { removed: entries, done: asked.length === 2 };
  };
  await purgeInSlices(slice, new ManualClock(), { sliceEntries: 100 });
  expect(asked).toEqual([8, 1]);
});

test('no slice is larger than was asked for', async () => {
  const asked: number[] = [];
  const slice = (entries: number) => {
    asked.push(entries);
    return { removed: entries, done: asked.length === 10, milliseconds: 0 };
  };
  await purgeInSlices(slice, new ManualClock(), { sliceEntries: 3 });
  expect(asked).toEqual(Array(10).fill(3));
});
