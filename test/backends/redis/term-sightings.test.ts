import { expect, test } from 'vitest';
import type { LeaseRecord } from '../../../src/backends/redis/lease-record.ts';
import { TermSightings } from '../../../src/backends/redis/term-sightings.ts';

const DAY = 24 * 60 * 60 * 1000;

function lease(renewals: number, renewedAt: number): LeaseRecord {
  const instance = { id: 'a', processId: 1, host: 'h', appVersion: null, startedAt: new Date(0) };
  return {
    name: 'lease',
    fencingToken: 1,
    holder: 'a',
    instance,
    reason: 'first',
    durationMilliseconds: 5000,
    renewals,
    acquiredAt: 0,
    renewedAt,
  };
}

const at = (time: number) => ({ begunAt: time, endedAt: time });

test('the first look believes the clock of the server', () => {
  expect(new TermSightings().overdue(lease(3, 1000), 61_000, at(7))).toBe(60_000);
});

test('from then on the clock of who looks counts, wherever that of the server is set', () => {
  const sightings = new TermSightings();
  expect(sightings.overdue(lease(3, 1000), 2000, at(100))).toBe(1000);
  expect(sightings.overdue(lease(3, 1000), 2000 + DAY, at(200))).toBe(1100);
  expect(sightings.overdue(lease(3, 1000), 2000 - DAY, at(6100))).toBe(7000);
});

test('a renewal cannot be longer ago than the look that found the one before it', () => {
  const sightings = new TermSightings();
  sightings.overdue(lease(3, 1000), 1000, at(0));
  sightings.overdue(lease(3, 1000), 1000, at(1000));
  // It was renewed, and then the clock set, before the next look.
  expect(sightings.overdue(lease(4, 2000), 2100 + DAY, at(1100))).toBe(100);
  expect(sightings.overdue(lease(4, 2000), 2200 + DAY, at(1200))).toBe(200);
});

test('nor is it yet to come', () => {
  expect(new TermSightings().overdue(lease(3, 1000 + DAY), 1000, at(7))).toBe(0);
});

test('a term in place of another is one that was renewed', () => {
  const sightings = new TermSightings();
  sightings.overdue(lease(3, 1000), 1000, at(0));
  const next = { ...lease(3, 9000), fencingToken: 2 };
  expect(sightings.overdue(next, 9500, at(10_000))).toBe(500);
});

test('what was asked for long counts as if it had been answered at once', () => {
  const sightings = new TermSightings();
  sightings.overdue(lease(3, 1000), 1000, { begunAt: 0, endedAt: 2000 });
  // By the answer it may have been renewed up to 2 s ago, and by no more than it must be is it overdue.
  expect(sightings.overdue(lease(3, 1000), 6000, { begunAt: 4000, endedAt: 6000 })).toBe(4000);
});
