import { describe, expect, test } from 'vitest';
import { SeatClock } from '../../../src/backends/sqlite/seat-clock.ts';

function fullClock(seats: number): SeatClock {
  const clock = new SeatClock(seats);
  for (let seat = 0; seat < seats; seat++) expect(clock.take()).toBe(seat);
  expect(clock.isFull).toBe(true);
  return clock;
}

describe('the clock that decides who leaves', () => {
  test('spares once who was read since the hand last passed', () => {
    const clock = fullClock(3);
    clock.markRead(0);
    clock.markRead(2);
    expect([clock.next(), clock.next(), clock.next()]).toEqual([1, 0, 1]);
  });

  test('gives a seat that was vacated to the next who comes', () => {
    const clock = fullClock(3);
    clock.vacate(1);
    expect(clock.isFull).toBe(false);
    expect(clock.take()).toBe(1);
    expect(clock.isFull).toBe(true);
  });

  test('does not spare who has a seat for what was read by who had it before', () => {
    const clock = fullClock(2);
    clock.markRead(0);
    clock.vacate(0);
    clock.take();
    expect(clock.next()).toBe(0);
  });

  test('does not go on for ever when all were read', () => {
    const clock = fullClock(1000);
    for (let seat = 0; seat < 1000; seat++) clock.markRead(seat);
    expect(clock.next()).toBe(64);
    // Those that the hand has passed are not spared again.
    clock.vacate(64);
    expect(clock.take()).toBe(64);
    for (let looked = 65; looked < 129; looked++) clock.markRead(looked);
    expect(clock.next()).toBe(129);
  });
});
