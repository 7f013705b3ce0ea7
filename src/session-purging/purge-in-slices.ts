import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../contract/clock.ts';
import { publish } from '../contract/events.ts';
import type { PurgeOptions, PurgeResult } from '../contract/purge.ts';
import { assertDuration } from '../contract/validate-arguments.ts';
import { assertInteger, assertKnownOptions } from '../contract/validate-options.ts';

/** Removes up to `entries` expired entries; `done` when no expired one was left. */
export type PurgeSlice = (entries: number) => { readonly removed: number; readonly done: boolean };

/** Runs slices until nothing is left, the time is used up or the signal comes, a turn of the event loop apart. */
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
  let removed = 0;
  let complete = false;
  for (;;) {
    const slice = removeSlice(sliceEntries);
    removed += slice.removed;
    complete = slice.done;
    if (complete || signal?.aborted || clock.monotonic() >= end) break;
    await nextTurn();
  }
  publish('onehost:purged', { removed, complete });
  return { removed, complete };
}
