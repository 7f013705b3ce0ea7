import type { Effort } from './effort.ts';
import { type Contestant, timers } from './measure.ts';
import { type Summary, summarize } from './statistics.ts';
import { type Group, type Latency, type Sampler, takeTurns } from './turns.ts';

/** One line of a scene's table. */
export interface Row {
  readonly name: string;
  readonly note: string;
  readonly group?: Group | undefined;
  /** One number a round, in the unit of the table. */
  readonly samples: readonly number[];
  readonly value: Summary;
  /** How many times as much as the first row of its group: of a time, 0.5 is twice as fast. */
  readonly ratio: Summary;
  readonly latency?: Latency | undefined;
}

export type Rows = readonly Row[];

interface CompareContext {
  readonly effort: Effort;
  progress(text: string): void;
}

interface TimesOptions {
  /** The most operations of a batch. */
  readonly operations: number;
  /** How many times as long as usual a batch lasts: more where it must hold several checkpoints. */
  readonly batchFactor?: number;
}

/** Times the operations of the contestants, in nanoseconds, and divides by the first one of the group. */
export async function compareTimes(
  { effort, progress }: CompareContext,
  contestants: readonly Contestant[],
  { operations, batchFactor = 1 }: TimesOptions,
): Promise<Rows> {
  const milliseconds = effort.batchMilliseconds * batchFactor;
  const samplers = await timers(contestants, operations, milliseconds, progress);
  return toRows(samplers, await takeTurns(samplers, effort.rounds, progress));
}

/** As {@link compareTimes}, for whatever has numbers of its own. */
export async function compareSamples(
  { effort, progress }: CompareContext,
  samplers: readonly Sampler[],
  rounds = effort.longRounds,
): Promise<Rows> {
  return toRows(samplers, await takeTurns(samplers, rounds, progress));
}

function toRows(samplers: readonly Sampler[], samples: readonly (readonly number[])[]): Rows {
  return samplers.map(({ name, note, group, latency }, place) => {
    const first = samplers.findIndex((each) => each.group?.label === group?.label);
    const own = samples[place] ?? [];
    return {
      name,
      note,
      group,
      samples: own,
      value: summarize(own),
      ratio: summarize(ratios(own, samples[first] ?? [])),
      latency: latency?.(),
    };
  });
}

/** Round by round, so that what slowed a whole round down falls out. */
export function ratios(of: readonly number[], to: readonly number[]): number[] {
  return of.map((each, round) => each / (to[round] as number));
}
