import type { Awaitable } from 'onehost';

/** Where on the axis of a scene something was measured: at 4 processes, at 1 million sessions. */
export interface Group {
  readonly label: string;
  readonly position: number;
}

/** How long single operations took, in nanoseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** Something that is measured again and again: one line of a table. */
export interface Sampler {
  readonly name: string;
  /** What a reader must know to compare it fairly. */
  readonly note: string;
  readonly group?: Group;
  /** One number, in the unit of its table. */
  sample(): Awaitable<number>;
  /** Of all samples so far. */
  latency?(): Latency;
}

/**
 * Samples of all by turns, A B C, B C A, ...: a slow phase of the machine meets all of them, and the numbers
 * of one round can be divided by each other.
 */
export async function takeTurns(
  samplers: readonly Sampler[],
  rounds: number,
  progress: (text: string) => void,
): Promise<number[][]> {
  const samples: number[][] = samplers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < samplers.length; turn++) {
      const place = (round + turn) % samplers.length;
      const { name, group, sample } = samplers[place] as Sampler;
      progress(`round ${round + 1} of ${rounds}: ${name}${group ? ` at ${group.label}` : ''}`);
      samples[place]?.push(await sample());
    }
  }
  return samples;
}
