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

test('a renewal is told from another one that was counted alike, by a server that had lost some', () => {
  const sightings = new TermSightings();
  sightings.overdue(lease(5, 1000), 1000, at(0));
  expect(sightings.overdue(lease(5, 9000), 9100, at(8100))).toBe(100);
});

test('of what was asked for long, no more counts as overdue than must be', () => {
  const sightings = new TermSightings();
  sightings.overdue(lease(3, 1000), 1000, { begunAt: 0, endedAt: 2000 });
  // It may have been renewed just before the answer, and its holder trusts itself from then on.
  expect(sightings.overdue(lease(3, 1000), 6000, { begunAt: 4000, endedAt: 6000 })).toBe(2000);
});

test('a holder whose renewal came with the answer to a slow look is not replaced while it trusts itself', () => {
  const sightings = new TermSightings();
  // The server hung for 1.9 s; it renewed at 1.8 s what the holder had asked for then, and answered.
  sightings.overdue(lease(3, 1800), 1900, { begunAt: 0, endedAt: 1900 });
  const asked = 1800;
  const trustedUntil = asked + 4500;
  expect(sightings.overdue(lease(3, 1800), trustedUntil, at(trustedUntil))).toBeLessThan(5000);
});
