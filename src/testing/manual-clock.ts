import type { Clock } from '../contract/clock.ts';

/** A clock that stands still until it is told otherwise. */
export class ManualClock implements Clock {
  #milliseconds: number;

  /** @param startAt milliseconds since 1970-01-01 UTC; 2026-01-01 by default. */
  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#milliseconds = startAt;
  }

  now(): number {
    return this.#milliseconds;
  }

  monotonic(): number {
    return this.#milliseconds;
  }

  advance(seconds: number): void {
    this.#milliseconds += seconds * 1000;
  }
}
