import { expect, test } from 'vitest';
import { ServerClock } from '../../../src/backends/postgres/server-clock.ts';
import { fromStored, toStored } from '../../../src/backends/postgres/stored-text.ts';

const HOUR = 3_600_000;

test('a server clock that goes evenly was never set, however long an answer took', () => {
  const clock = new ServerClock();
  clock.observe(1_000_000, 0, 1);
  clock.observe(1_000_100, 90, 2_000);
  clock.observe(1_002_100, 2_100, 2_101);
  // NTP slews by up to 0.05 %, and the rounding of a millisecond.
  clock.observe(1_002_100 + HOUR * 1.0005, 2_100 + HOUR, 2_102 + HOUR);
  expect(clock.era).toBe(0);
});

test.each([
  ['forward', 200],
  ['back', -200],
  ['forward by a day', 24 * HOUR],
  ['back by a day', -24 * HOUR],
])('one that was set %s is noticed at the next look', (_, by) => {
  const clock = new ServerClock();
  clock.observe(1_000_000_000, 0, 1);
  clock.observe(1_000_000_100 + by, 100, 101);
  expect(clock.era).toBe(1);
  clock.observe(1_000_000_200 + by, 200, 201);
  expect(clock.era).toBe(1);
});

test.each(['', 'a', '\0', '\\', '\\0', '\\\0', '0\\', '\\\\0\0', 'ü\0☃'])(
  'the text %j comes back as it was, without a NUL in between',
  (text) => {
    expect(toStored(text)).not.toContain('\0');
    expect(fromStored(toStored(text))).toBe(text);
  },
);
