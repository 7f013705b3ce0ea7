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

/** So often at most are the two clocks read side by side, and so close is close enough, in milliseconds. */
const READINGS = 20;
const CLOSE_ENOUGH = 0.002;

/**
 * What is to be added to `performance.now()` for the CLOCK_MONOTONIC of the host. It reads the same clock from the process's own start of
 * time, for a third of what `process.hrtime.bigint()` costs.
 *
 * Of several readings the one counts that took the least time: a single one was off by up to 174 ms where the process was interrupted
 * between the two clocks (60 starts on a busy machine), and by nothing this way.
 *
 * @internal
 */
export function sinceBoot(offset: number = readMonotonicOffset()): number {
  let best = { width: Number.POSITIVE_INFINITY, difference: 0 };
  for (let reading = 0; reading < READINGS && best.width > CLOSE_ENOUGH; reading++) {
    const before = process.hrtime.bigint();
    const own = performance.now();
    const width = Number(process.hrtime.bigint() - before) / 1e6;
    const difference = Number(before) / 1e6 + width / 2 - own;
    if (width < best.width) best = { width, difference };
  }
  return best.difference - offset;
}

const monotonicStart = sinceBoot();

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => monotonicStart + performance.now(),
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
