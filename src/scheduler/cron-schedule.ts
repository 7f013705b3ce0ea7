import { Cron } from 'croner';
import { InvalidJobError } from '../contract/errors/index.ts';
import { describeType } from '../contract/validate-arguments.ts';
import type { Schedule, Ticks } from './schedule.ts';

/**
 * The most ticks that are counted one by one, at 40 microseconds each: a schedule of seconds that nobody has run for a year would
 * hold the event loop for twenty minutes.
 */
const MOST_COUNTED = 1_000;

/**
 * Ticks by a cron expression in a time zone, as croner understands it. At daylight saving a fixed time that does not exist that day
 * runs when the clock has jumped, and one that comes twice runs the first time alone; every-so-often expressions follow the
 * clock on the wall.
 *
 * A wall clock that is set back brings no tick a second time.
 */
export class CronSchedule implements Schedule {
  readonly description: string;
  readonly longestWait = null;
  readonly #cron: Cron;

  /** @throws InvalidJobError for an expression or a time zone that cannot be read, or one that never comes. */
  constructor(job: string, expression: unknown, timeZone: unknown = 'UTC') {
    if (typeof expression !== 'string') {
      throw new InvalidJobError(
        `cron of the job "${job}" must be a string such as "0 3 * * *", but found ${describeType(expression)}.`,
      );
    }
    const zone = readTimeZone(job, timeZone);
    this.#cron = readExpression(job, expression, zone);
    this.description = describe(this.#cron, zone);
    if (this.nextAfter(Date.now()) === null && this.#cron.previousRuns(1).length === 0) {
      throw new InvalidJobError(
        `cron of the job "${job}" never comes: no day fits "${expression}". Look at its day and month.`,
      );
    }
  }

  nextAfter(time: number): number | null {
    return this.#cron.nextRun(new Date(time))?.getTime() ?? null;
  }

  ticksBetween(after: number, until: number, most: number): Ticks {
    const ticks = this.#firstBetween(after, until, most + 1);
    if (ticks.length <= most) return { older: null, newest: ticks };
    const found = this.#cron
      .previousRuns(most + 1, new Date(until + 1))
      .map((tick) => tick.getTime())
      .reverse();
    const [first, last] = [ticks[0] as number, found.shift() as number];
    return { older: { first, last, ticks: this.#count(first, last) }, newest: found };
  }

  /** As a rule one is due. Backwards croner looks for as many as it is asked for, at 40 microseconds or more each. */
  #firstBetween(after: number, until: number, most: number): number[] {
    const ticks: number[] = [];
    for (
      let tick = this.nextAfter(after);
      tick !== null && tick <= until && ticks.length < most;
      tick = this.nextAfter(tick)
    ) {
      ticks.push(tick);
    }
    return ticks;
  }

  #count(first: number, last: number): number {
    let ticks = 1;
    for (let tick: number | null = first; tick !== null && tick < last; ticks++) {
      if (ticks === MOST_COUNTED) break;
      tick = this.nextAfter(tick);
    }
    return ticks;
  }
}

/** The same for every way to write what means the same: in capitals or not, with more spaces or less. */
function describe(cron: Cron, timeZone: string): string {
  const fields = cron.getPattern()?.trim().split(/\s+/) ?? [];
  return `cron ${fields.join(' ').toUpperCase()} ${timeZone}`;
}

/** The name of the time zone as it is written in the list of IANA. */
function readTimeZone(job: string, timeZone: unknown): string {
  try {
    if (typeof timeZone !== 'string') throw new RangeError();
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    const found = typeof timeZone === 'string' ? `"${timeZone}"` : describeType(timeZone);
    throw new InvalidJobError(
      `timeZone of the job "${job}" must be the name of a time zone such as "Europe/Berlin", but found ${found}.`,
    );
  }
}

function readExpression(job: string, expression: string, timeZone: string): Cron {
  let problem: string;
  try {
    // Paused, it sets no timer of its own.
    const cron = new Cron(expression, { paused: true, timezone: timeZone });
    if (cron.getOnce() === null) return cron;
    problem = 'it is a date, and not a cron expression';
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  throw new InvalidJobError(
    `cron of the job "${job}" cannot be read: found "${expression}" (${problem}). ` +
      'Write five fields (minute, hour, day, month, day of the week), or six with the seconds first.',
  );
}
