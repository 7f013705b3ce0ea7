import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CronSchedule } from '../../src/scheduler/cron-schedule.ts';
import { IntervalSchedule } from '../../src/scheduler/interval-schedule.ts';
import type { Schedule } from '../../src/scheduler/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function iso(times: readonly number[]): string[] {
  return times.map((time) => new Date(time).toISOString());
}

/** The ticks after a time, one by one. */
function following(schedule: Schedule, after: string, count: number): string[] {
  const ticks: number[] = [];
  let cursor = Date.parse(after);
  for (let tick = 0; tick < count; tick++) {
    cursor = schedule.nextAfter(cursor) ?? Number.NaN;
    ticks.push(cursor);
  }
  return iso(ticks);
}

describe('a cron schedule in Europe/Berlin', () => {
  const berlin = (expression: string) => new CronSchedule('job', expression, 'Europe/Berlin');

  test('runs a daily time that is left out in spring when the clock has jumped', () => {
    expect(following(berlin('30 2 * * *'), '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  test('runs a daily time that comes twice in autumn once', () => {
    expect(following(berlin('30 2 * * *'), '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('runs every half hour through both hours that are called two', () => {
    expect(following(berlin('*/30 * * * *'), '2026-10-24T23:59:00Z', 5)).toEqual([
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T01:30:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ]);
  });
});

describe('a cron schedule', () => {
  test('is meant in UTC unless a time zone is named, wherever the machine is', () => {
    const { TZ } = process.env;
    process.env['TZ'] = 'America/New_York';
    expect(following(new CronSchedule('job', '0 3 * * *'), '2026-07-01T00:00:00Z', 1)).toEqual([
      '2026-07-01T03:00:00.000Z',
    ]);
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  });

  test('may have seconds', () => {
    expect(following(new CronSchedule('job', '*/20 * * * * *'), '2026-01-01T00:00:00Z', 2)).toEqual(
      ['2026-01-01T00:00:20.000Z', '2026-01-01T00:00:40.000Z'],
    );
  });

  test('that was not run for a year is counted in a bounded time', () => {
    const schedule = new CronSchedule('job', '* * * * * *');
    const from = Date.UTC(2025, 0, 1);
    const until = Date.UTC(2026, 0, 1);
    const { older, newest } = schedule.ticksBetween(from, until, 1);
    expect(newest).toEqual([until]);
    expect(older).toEqual({ first: from + 1000, last: until - 1000, ticks: 1000 });
  });

  test('that is over has no next tick, and is no mistake', () => {
    expect(new CronSchedule('job', '0 0 0 1 1 * 2020').nextAfter(Date.UTC(2026, 0, 1))).toBeNull();
  });

  test('looks at the clock again within a minute, and is due only by the clock', () => {
    const schedule = new CronSchedule('job', '0 3 * * *');
    expect(schedule.waitFor(10 * HOUR, 0)).toEqual({ milliseconds: MINUTE, isDue: false });
    expect(schedule.waitFor(10 * HOUR, 10 * HOUR - 5)).toEqual({ milliseconds: 5, isDue: false });
    expect(schedule.waitFor(10 * HOUR, 11 * HOUR)).toEqual({ milliseconds: 0, isDue: true });
  });
});

describe('an interval', () => {
  test('has the same ticks wherever it begins', () => {
    const schedule = new IntervalSchedule('job', 2.5);
    expect(following(schedule, '2026-01-01T00:00:01Z', 2)).toEqual([
      '2026-01-01T00:00:02.500Z',
      '2026-01-01T00:00:05.000Z',
    ]);
    expect(following(schedule, '2026-01-01T00:00:02.500Z', 1)).toEqual([
      '2026-01-01T00:00:05.000Z',
    ]);
  });

  test('never waits longer than it is long, and is due then, whatever the clock shows', () => {
    const schedule = new IntervalSchedule('job', 5);
    expect(schedule.waitFor(10_000, 8_000)).toEqual({ milliseconds: 2_000, isDue: true });
    expect(schedule.waitFor(10_000, -HOUR)).toEqual({ milliseconds: 5_000, isDue: true });
    expect(schedule.waitFor(10_000, HOUR)).toEqual({ milliseconds: 0, isDue: true });
  });
});

describe('any schedule', () => {
  const year = Date.UTC(2026, 0, 1);
  const schedules: [string, Schedule][] = [
    ['every 0.7 s', new IntervalSchedule('job', 0.7)],
    ['every 90 s', new IntervalSchedule('job', 90)],
    ['*/7 * * * * in Berlin', new CronSchedule('job', '*/7 * * * *', 'Europe/Berlin')],
    ['30 2 * * * in Berlin', new CronSchedule('job', '30 2 * * *', 'Europe/Berlin')],
    [
      '15 1,2 * * SUN in Lord Howe',
      new CronSchedule('job', '15 1,2 * * SUN', 'Australia/Lord_Howe'),
    ],
  ];

  test.each(schedules)(
    'finds between two times what comes one after the other: %s',
    (_, schedule) => {
      // Around the two Sundays on which Berlin changes its clocks, and somewhere else.
      const start = fc.constantFrom(Date.UTC(2026, 2, 28), Date.UTC(2026, 9, 24), year);
      fc.assert(
        fc.property(
          start,
          fc.integer({ min: 0, max: 2 * 24 * HOUR }),
          fc.integer({ min: 0, max: 40 }),
          fc.integer({ min: 1, max: 50 }),
          (day, offset, count, most) => {
            const after = day + offset;
            const ticks: number[] = [];
            for (let tick = schedule.nextAfter(after); tick !== null && ticks.length < count; ) {
              ticks.push(tick);
              tick = schedule.nextAfter(tick);
            }
            const until = ticks.at(-1) ?? after;
            const found = schedule.ticksBetween(after, until, most);
            const older = ticks.slice(0, Math.max(0, ticks.length - most));
            expect(iso(found.newest)).toEqual(iso(ticks.slice(older.length)));
            expect(found.older).toEqual(
              older.length === 0
                ? null
                : { first: older[0], last: older.at(-1), ticks: older.length },
            );
          },
        ),
        { numRuns: 150 },
      );
    },
  );
});
