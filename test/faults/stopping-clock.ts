import { type CancelTimer, type Clock, systemClock, type TimerOptions } from '../../src/index.ts';

/** The machine's clocks, of which one look may be the last for long: when it goes on, what the process saw is not true any more. */
export class StoppingClock implements Clock {
  /** Called when the process is about to stop. */
  onStop: () => void = () => {};
  #stopsAtNextLook = false;

  /** The next look at the monotonic clock ends with SIGSTOP. */
  stopAtNextLook(): void {
    this.#stopsAtNextLook = true;
  }

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    const seen = systemClock.monotonic();
    if (this.#stopsAtNextLook) {
      this.#stopsAtNextLook = false;
      this.onStop();
      process.kill(process.pid, 'SIGSTOP');
    }
    return seen;
  }

  after(milliseconds: number, callback: () => void, options?: TimerOptions): CancelTimer {
    return systemClock.after(milliseconds, callback, options);
  }
}
