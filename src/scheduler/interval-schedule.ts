import { InvalidJobError } from '../contract/errors/index.ts';
import { assertDuration } from '../contract/validate-arguments.ts';
import type { Schedule, Ticks } from './schedule.ts';

const SHORTEST_MILLISECONDS = 100;

/**
 * Ticks at the multiples of the interval since 1970-01-01 UTC, so that every process and every start comes to the same ones.
 *
 * The wait for the next one is never longer than the interval by the monotonic clock. A wall clock that is set back does not stop
 * the job: its ticks go on from where they were, at their pace, ahead of the clock until it has caught up.
 */
export class IntervalSchedule implements Schedule {
  readonly description: string;
  readonly #interval: number;

  /** @throws InvalidDurationError, InvalidJobError for an interval of less than 0.1 s, or of a fraction of a millisecond. */
  constructor(job: string, everySeconds: unknown) {
    assertDuration(`everySeconds of the job "${job}"`, everySeconds);
    this.#interval = Math.round(everySeconds * 1000);
    if (
      this.#interval < SHORTEST_MILLISECONDS ||
      Math.abs(this.#interval - everySeconds * 1000) > 1e-6
    ) {
      throw new InvalidJobError(
        `everySeconds of the job "${job}" must be at least 0.1 and have whole milliseconds, but found ${everySeconds}. ` +
          'What has to happen more often is not for a scheduler that writes down each run.',
      );
    }
    this.description = `every ${this.#interval / 1000} s`;
  }

  get longestWait(): number {
    return this.#interval;
  }

  nextAfter(time: number): number {
    return (Math.floor(time / this.#interval) + 1) * this.#interval;
  }

  ticksBetween(after: number, until: number, most: number): Ticks {
    const first = this.nextAfter(after);
    const last = this.nextAfter(until) - this.#interval;
    const ticks = Math.max(0, Math.round((last - first) / this.#interval) + 1);
    const kept = Math.min(most, ticks);
    const newest = Array.from({ length: kept }, (_, i) => last - (kept - 1 - i) * this.#interval);
    const older = ticks - kept;
    return {
      older:
        older === 0 ? null : { first, last: first + (older - 1) * this.#interval, ticks: older },
      newest,
    };
  }
}
