import { Cron } from 'croner';
import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { CronSchedule } from '../../src/scheduler/cron-schedule.ts';
import { IntervalSchedule } from '../../src/scheduler/interval-schedule.ts';
import type { Schedule } from '../../src/scheduler/schedule.ts';
import { TickWait } from '../../src/scheduler/tick-wait.ts';
import { ManualClock } from '../../src/testing/index.ts';

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

  test('is the same however its text is written', () => {
    const { description } = new CronSchedule('job', '0 3 * * MON-FRI', 'Europe/Berlin');
    expect(description).toBe('cron 0 3 * * MON-FRI Europe/Berlin');
    for (const text of ['0  3 * * MON-FRI', ' 0 3 *\t* mon-fri ']) {
      const other = new CronSchedule('job', text, 'europe/berlin');
      expect(other.description).toBe(description);
      expect(following(other, '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-01T02:00:00.000Z']);
    }
    expect(new CronSchedule('job', '@daily').description).toBe(
      new CronSchedule('job', '0 0 * * *', 'utc').description,
    );
  });

  test('looks no farther for what is due than it has to, whatever may be due', () => {
    const schedule = new CronSchedule('job', '* * * * *');
    const back = vi.spyOn(Cron.prototype, 'previousRuns');
    const ahead = vi.spyOn(Cron.prototype, 'nextRun');
    const found = schedule.ticksBetween(0, MINUTE, 10_000);
    expect(found).toEqual({ older: null, newest: [MINUTE] });
    expect(back).not.toHaveBeenCalled();
    expect(ahead.mock.calls.length).toBeLessThan(5);
    vi.restoreAllMocks();
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
});

describe('the wait for a tick', () => {
  const interval = new IntervalSchedule('job', 300);
  const cron = new CronSchedule('job', '0 3 * * *');
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock(0);
  });

  test('is looked at each minute, and no sooner and no later than it is due', () => {
    const wait = new TickWait(90_000, interval, clock);
    expect(wait.milliseconds).toBe(MINUTE);
    clock.advance(60);
    expect(wait.milliseconds).toBe(30_000);
    expect(wait.isDue).toBe(false);
    clock.advance(30);
    expect(wait.milliseconds).toBe(0);
    expect(wait.isDue).toBe(true);
    clock.setWallClockBy(HOUR);
    expect(wait.milliseconds).toBe(0);
  });

  test('is over when the wall clock says so, as after a suspend', () => {
    for (const schedule of [interval, cron]) {
      const wait = new TickWait(clock.now() + 200_000, schedule, clock);
      clock.setWallClockBy(200);
      expect(wait.isDue).toBe(true);
    }
  });

  test('of an interval is no longer than it is long, whatever the clock shows', () => {
    const ahead = new TickWait(10 * HOUR, interval, clock);
    const setBack = new TickWait(300_000, interval, clock);
    clock.setWallClockBy(-3600);
    clock.advance(299);
    expect([ahead.isDue, setBack.isDue]).toEqual([false, false]);
    expect(setBack.milliseconds).toBe(1000);
    clock.advance(1);
    expect([ahead.isDue, setBack.isDue]).toEqual([true, true]);
  });

  test('of a cron schedule is over by the wall clock alone', () => {
    const wait = new TickWait(3 * HOUR, cron, clock);
    clock.setWallClockBy(-3600);
    clock.advance(3 * 3600);
    expect(wait.isDue).toBe(false);
    expect(wait.milliseconds).toBe(MINUTE);
    clock.advance(3600);
    expect(wait.isDue).toBe(true);
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
