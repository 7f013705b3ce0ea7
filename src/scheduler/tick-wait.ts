import type { Clock } from '../contract/clock.ts';
import type { Schedule } from './schedule.ts';

/**
 * No wait is longer without a look at the clocks: the wall clock may be set, and the monotonic one, by which timers go, stands
 * still while the machine is suspended.
 */
const LONGEST_MILLISECONDS = 60_000;

/** The wait for one tick, in parts. */
export class TickWait {
  readonly tick: number;
  readonly #clock: Clock;
  /** On the monotonic clock: the tick is due then, whatever the wall clock shows. */
  readonly #deadline: number;

  constructor(tick: number, { longestWait }: Pick<Schedule, 'longestWait'>, clock: Clock) {
    this.tick = tick;
    this.#clock = clock;
    this.#deadline =
      longestWait === null
        ? Number.POSITIVE_INFINITY
        : clock.monotonic() + Math.min(Math.max(tick - clock.now(), 0), longestWait);
  }

  get isDue(): boolean {
    return this.tick <= this.#clock.now() || this.#deadline <= this.#clock.monotonic();
  }

  /** Until the clocks are to be looked at again. */
  get milliseconds(): number {
    const left = Math.min(this.tick - this.#clock.now(), this.#deadline - this.#clock.monotonic());
    return Math.min(Math.max(left, 0), LONGEST_MILLISECONDS);
  }
}
