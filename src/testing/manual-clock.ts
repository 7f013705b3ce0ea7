import type { CancelTimer, Clock } from '../contract/clock.ts';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told otherwise. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic: number;
  readonly #timers = new Set<Timer>();

  /** @param startAt milliseconds since 1970-01-01 UTC; 2026-01-01 by default. */
  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#wall = startAt;
    this.#monotonic = startAt;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(milliseconds: number, callback: () => void): CancelTimer {
    const timer: Timer = { due: this.#monotonic + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers have neither fallen due nor been called off. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Lets time pass, and what falls due on the way is called back at its time. */
  advance(seconds: number): void {
    const end = this.#monotonic + seconds * 1000;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > end) break;
      this.#pass(next.due - this.#monotonic);
      this.#timers.delete(next);
      next.callback();
    }
    this.#pass(end - this.#monotonic);
  }

  /** Lets time pass without calling anybody back: the process was stopped, or its event loop held. */
  stall(seconds: number): void {
    this.#pass(seconds * 1000);
  }

  /** Sets the wall clock, as an administrator or NTP would, by so many seconds, backwards if negative. */
  setWallClockBy(seconds: number): void {
    this.#wall += seconds * 1000;
  }

  #pass(milliseconds: number): void {
    if (milliseconds <= 0) return;
    this.#wall += milliseconds;
    this.#monotonic += milliseconds;
  }
}
