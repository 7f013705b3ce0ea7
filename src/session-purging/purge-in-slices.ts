import { setTimeout as wait } from 'node:timers/promises';
import type { Awaitable } from '../contract/awaitable.ts';
import type { Clock } from '../contract/clock.ts';
import { publish } from '../contract/events.ts';
import type { PurgeOptions, PurgeResult } from '../contract/purge.ts';
import { assertDuration } from '../contract/validate-arguments.ts';
import { assertInteger, assertKnownOptions } from '../contract/validate-options.ts';
import { SliceSize } from './slice-size.ts';

export interface PurgedSlice {
  readonly removed: number;
  /** Whether nothing was left. */
  readonly done: boolean;
  /** How long it took, if somebody knows better than who waited for it. */
  readonly milliseconds?: number;
}

/** Removes up to `entries` entries that nobody is given any more. */
export type PurgeSlice = (entries: number) => Awaitable<PurgedSlice>;

/** As a timer is not more exact, and some multiple of a slice: who waits for the lock has the better part of the time. */
const SHORTEST_PAUSE_MILLISECONDS = 1;
const PAUSE_PER_SLICE = 2;

/** Runs slices with pauses between them until nothing is left, the time is used up or the signal comes. */
export async function purgeInSlices(
  removeSlice: PurgeSlice,
  clock: Clock,
  options: PurgeOptions = {},
): Promise<PurgeResult> {
  assertKnownOptions('purgeExpired', options, ['sliceEntries', 'timeBudgetSeconds', 'signal']);
  const { sliceEntries = 200, timeBudgetSeconds = 10, signal } = options;
  assertInteger('sliceEntries', sliceEntries, { least: 1, most: 1_000_000 });
  assertDuration('timeBudgetSeconds', timeBudgetSeconds);
  const end = clock.monotonic() + timeBudgetSeconds * 1000;
  const size = new SliceSize(sliceEntries);
  let removed = 0;
  let complete = false;
  for (;;) {
    // Real time, whatever clock decides about expiry: this is about how busy this machine is.
    const begin = performance.now();
    const slice = await removeSlice(size.entries);
    const took = slice.milliseconds ?? performance.now() - begin;
    removed += slice.removed;
    complete = slice.done;
    if (complete || signal?.aborted || clock.monotonic() >= end) break;
    size.adapt(took);
    await pauseFor(Math.max(SHORTEST_PAUSE_MILLISECONDS, took * PAUSE_PER_SLICE), signal);
    if (signal?.aborted) break;
  }
  publish('onehost:purged', { removed, complete });
  return { removed, complete };
}

/** Ends when the signal comes. */
async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(milliseconds, undefined, { ...(signal && { signal }) }).catch(() => {});
}
