import { isBusy } from './translate-error.ts';

/** What a wait goes by, in milliseconds; a test passes a time of its own. */
export interface WaitTime {
  /** Never falls. */
  now(): number;
  /** Holds the thread. */
  sleep(milliseconds: number): void;
}

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Nobody ever wakes it: `Atomics.wait` is the one way to hold a thread for less than a millisecond without burning its core. */
export const threadTime: WaitTime = {
  now: () => performance.now(),
  sleep(milliseconds) {
    Atomics.wait(cell, 0, 0, milliseconds);
  },
};

/** How long who has just come waits between two attempts. */
const NEWCOMER = 2;
/** After how long a wait the attempts follow each other the fastest. */
const RIPE = 20;
/** The longest time between two attempts, when somebody holds the lock for seconds. */
const LONGEST = 10;

/**
 * How long to wait after an attempt failed `waited` milliseconds after the first: 2 ms, then less and less until 0.1 ms after 20 ms,
 * then more and more up to 10 ms.
 *
 * The lock is free for moments only when many write, and who tries the most often gets it. So who has waited longer tries
 * more often than who has just come: that is what makes it fair without a queue. Who has waited for much longer does not wait for
 * a crowd but for one long transaction, which needs the cores itself. docs/decisions/0007-waiting-for-the-write-lock.md has the figures.
 */
export function pauseAfter(waited: number): number {
  return Math.min(Math.max(NEWCOMER * (1 - waited / RIPE), waited / (10 * RIPE)), LONGEST);
}

/**
 * Makes the attempt until the file is not locked, or until it has waited for `seconds`: then it throws what the last attempt threw.
 * What is no matter of locks is thrown at once. The event loop stands still meanwhile.
 *
 * In place of SQLite's own `busy_timeout`, which tries after 1, 2, 5, ... up to 100 ms: the longer somebody has waited, the less
 * often, so that others overtake for seconds.
 */
export function retryWhileLocked<T>(
  attempt: () => T,
  seconds: number,
  time: WaitTime = threadTime,
): T {
  let began: number | undefined;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      const now = time.now();
      began ??= now;
      const waited = now - began;
      const left = seconds * 1000 - waited;
      if (left <= 0) throw error;
      // Random, so that those who began together do not go on meeting.
      const pause = pauseAfter(waited) * (0.5 + Math.random());
      time.sleep(Math.min(pause, left));
    }
  }
}
