import { readFileSync } from 'node:fs';

const EVERY_MILLISECONDS = 1;

/** The longest that the event loop of this process was held, in milliseconds. */
export interface LongestHolds {
  /** By the clock. On a machine with other work it is also how long the thread was kept from a core. */
  readonly longest: number;
  /** Without the time in which the thread could have run, and had no core; the same as `longest` where nobody counts that. */
  readonly longestOwn: number;
}

/** Looks each millisecond how long the last millisecond took. Stops at what it returns, which gives the findings. */
export function watchHolds(): () => LongestHolds {
  let longest = 0;
  let longestOwn = 0;
  let lastTime = performance.now();
  let lastWait = waitedForCore();
  const timer = setInterval(() => {
    const time = performance.now();
    const wait = waitedForCore();
    const hold = time - lastTime - EVERY_MILLISECONDS;
    longest = Math.max(longest, hold);
    longestOwn = Math.max(longestOwn, hold - (wait - lastWait));
    lastTime = time;
    lastWait = wait;
  }, EVERY_MILLISECONDS);
  return () => {
    clearInterval(timer);
    return { longest, longestOwn };
  };
}

/** How long this thread has waited for a core so far: https://docs.kernel.org/scheduler/sched-stats.html */
function waitedForCore(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
