import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Awaitable } from 'onehost';
import { type BatchLoop, batchLoop } from './batch-loop.ts';

/** One of those that are compared. */
export interface Contestant {
  readonly name: string;
  /** What a reader must know to compare it fairly. */
  readonly note: string;
  /** `'at once'`, or how many promises are awaited together: 1 is one request after the other. */
  readonly answers: 'at once' | number;
  /** Those that bounds compare do batches of one size, so that each batch has as many checkpoints. */
  readonly paired?: boolean;
  /** Brings about what the next batch needs. Not timed. */
  prepare(operations: number): Awaitable<void>;
  /** The i-th operation of a batch. Anything but a true value (or a promise of one) is a failure. */
  operate(i: number): unknown;
}

export interface Effort {
  /** How often each contestant's batch is timed. */
  readonly rounds: number;
  /** How long a batch takes at most, about. */
  readonly batchMilliseconds: number;
}

export interface Measurement {
  readonly contestant: Contestant;
  readonly operationsPerBatch: number;
  /** One number a round: the mean of its batch, in nanoseconds per operation. */
  readonly nanoseconds: readonly number[];
}

const SMALLEST_BATCH = 32;

/**
 * Times all contestants by turns, A B C, B C A, ...: a slow phase of the machine meets all of them, and the
 * numbers of one round can be divided by each other. Each batch begins after a garbage collection, so
 * that none pays for what another has left behind.
 */
export async function measure(
  contestants: readonly Contestant[],
  options: {
    readonly operations: number;
    readonly effort: Effort;
    readonly progress: (text: string) => void;
  },
): Promise<Measurement[]> {
  const { operations, effort, progress } = options;
  const lanes: Lane[] = [];
  for (const contestant of contestants) {
    progress(`warming up ${contestant.name}`);
    const lane = new Lane(contestant);
    await lane.calibrate(operations, effort.batchMilliseconds);
    lanes.push(lane);
  }
  const paired = lanes.filter((lane) => lane.contestant.paired);
  const shared = Math.min(...paired.map((lane) => lane.operations));
  for (const lane of paired) lane.operations = shared;
  for (let round = 0; round < effort.rounds; round++) {
    for (let turn = 0; turn < lanes.length; turn++) {
      const lane = lanes[(round + turn) % lanes.length] as Lane;
      progress(`round ${round + 1} of ${effort.rounds}: ${lane.contestant.name}`);
      lane.nanoseconds.push(await lane.time(lane.operations));
    }
  }
  return lanes.map((lane) => ({
    contestant: lane.contestant,
    operationsPerBatch: lane.operations,
    nanoseconds: lane.nanoseconds,
  }));
}

class Lane {
  readonly contestant: Contestant;
  readonly nanoseconds: number[] = [];
  operations = SMALLEST_BATCH;
  readonly #loop: BatchLoop;

  constructor(contestant: Contestant) {
    this.contestant = contestant;
    this.#loop = batchLoop(contestant.name, contestant.answers);
  }

  /** Growing batches, until one lasts long enough: they warm up what is measured, too. */
  async calibrate(most: number, milliseconds: number): Promise<void> {
    for (;;) {
      // The first batch of a size meets code that is not compiled yet.
      await this.time(this.operations);
      const batch = ((await this.time(this.operations)) * this.operations) / 1e6;
      const fitting = Math.round((this.operations * milliseconds) / batch);
      const enough = batch >= milliseconds / 4 || this.operations >= most;
      this.operations = Math.min(most, Math.max(SMALLEST_BATCH, fitting), this.operations * 4);
      if (enough) return;
    }
  }

  /** One batch: nanoseconds per operation. */
  async time(operations: number): Promise<number> {
    const { contestant } = this;
    await contestant.prepare(operations);
    collectGarbage();
    const operate = (i: number) => contestant.operate(i);
    const begin = process.hrtime.bigint();
    const answer = this.#loop(operate, operations);
    const done = contestant.answers === 'at once' ? answer : await answer;
    const end = process.hrtime.bigint();
    if (done !== operations) {
      throw new Error(
        `${contestant.name}: ${done} of ${operations} operations did what they should, so its time would mean nothing.`,
      );
    }
    return Number(end - begin) / operations;
  }
}

// Without it V8 throws away the compiled code of a contestant that waits for several collections.
setFlagsFromString('--no-flush-bytecode');
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
