import { setTimeout as wait } from 'node:timers/promises';
import { systemClock, type TermReason } from '../../src/index.ts';
import type { Contender, Contenders, Refused } from './contenders.ts';

/** One time that the lease changed hands. */
export interface Handover {
  /** From the fault until another reported that it holds the lease. */
  readonly milliseconds: number;
  readonly reason: TermReason;
  readonly fencingToken: number;
  /** How the holder before was refused when it wanted to go on; `null` when it was killed. */
  readonly refused: Refused | null;
}

/** What is done to the holder; resolves to when it was done, on the monotonic clock. */
export type Fault = (holder: Contender, contenders: Contenders) => Promise<number>;

/** Kills the holder, and puts another contender in its place beforehand. */
export const kill: Fault = async (holder, contenders) => {
  await contenders.start();
  // The holder is somewhere in its work, and the standbys somewhere between two looks.
  await wait(100 + Math.random() * 200);
  const at = systemClock.monotonic();
  await contenders.kill(holder);
  return at;
};

/**
 * Stops the holder outside of a write. One that is stopped in the middle of a write keeps SQLite's lock, and until it is woken or
 * killed nobody on the host can write at all: docs/leases.md says so.
 */
export const stop: Fault = async ({ child }, contenders) => {
  for (;;) {
    const at = systemClock.monotonic();
    child.kill('SIGSTOP');
    if (await contenders.canWrite()) return at;
    child.kill('SIGCONT');
    await wait(50);
  }
};

export const block: Fault = async ({ child }) => {
  const at = systemClock.monotonic();
  child.send('block');
  return at;
};

/** Asks the holder to release it; it reports when it did. */
export const release: Fault = async (holder, contenders) => {
  await wait(100 + Math.random() * 200);
  const released = contenders.report(holder, 'released');
  holder.child.send('release');
  return (await released).at;
};

/** Does that to one holder after the other. */
export async function handovers(
  contenders: Contenders,
  first: Contender,
  fault: Fault,
  rounds: number,
  onRound: (done: number) => void = () => {},
): Promise<Handover[]> {
  const found: Handover[] = [];
  let holder = first;
  for (let round = 1; round <= rounds; round++) {
    const term = holder.acquired.at(-1)?.fencingToken ?? 0;
    const next = contenders.nextHolder();
    const at = await fault(holder, contenders);
    const { holder: successor, acquired } = await next;
    if (fault === stop) {
      // The successor works for a while, and then the one before wakes up in the middle of it.
      await wait(100);
      holder.child.kill('SIGCONT');
    }
    found.push({
      milliseconds: acquired.at - at,
      reason: acquired.reason,
      fencingToken: acquired.fencingToken,
      refused: fault === kill ? null : await contenders.refusal(holder, term),
    });
    holder = successor;
    onRound(round);
  }
  // What a woken process might still write, it writes now.
  await wait(200);
  return found;
}
