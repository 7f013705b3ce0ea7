import { readMonotonicOffset } from './time-namespace.ts';

/** Where the time comes from; a test passes one of its own, so that it never waits. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. Decides what has expired, and when a tick is due. */
  now(): number;
  /**
   * Milliseconds that never fall and that setting the machine's clock does not move. On Linux they count from
   * its boot, so that the processes of one boot can compare them.
   */
  monotonic(): number;
  /**
   * Calls back once, `milliseconds` from now by the monotonic clock; what it returns calls that off. The
   * wait does not keep the process alive unless it is asked to.
   */
  after(milliseconds: number, callback: () => void, options?: TimerOptions): CancelTimer;
}

export interface TimerOptions {
  /** `false` by default. */
  readonly keepsProcessAlive?: boolean | undefined;
}

/** Calls a timer off; does nothing once it has called back. */
export type CancelTimer = () => void;

/** The most that Node's timers can wait; what is longer waits in parts. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * From this process's own start of time to CLOCK_MONOTONIC of the host. `performance.now()` reads the same clock, for a
 * third of what `process.hrtime.bigint()` costs.
 */
const sinceBoot = Number(process.hrtime.bigint()) / 1e6 - performance.now() - readMonotonicOffset();

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => sinceBoot + performance.now(),
  after(milliseconds, callback, options) {
    const end = performance.now() + milliseconds;
    let timer: NodeJS.Timeout;
    const wait = () => {
      const left = end - performance.now();
      timer = setTimeout(left > LONGEST_TIMER ? wait : callback, Math.min(left, LONGEST_TIMER));
      if (options?.keepsProcessAlive !== true) timer.unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
};
