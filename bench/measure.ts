import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Awaitable } from 'onehost';
import { type BatchLoop, batchLoop, type Work } from './batch-loop.ts';
import type { BatchRequest } from './requests.ts';

/** One of those that are compared. */
export interface Contestant {
  readonly name: string;
  /** What a reader must know to compare it fairly. */
  readonly note: string;
  /** Timed. An answer that is not true (or a promise of one) is a failure. */
  readonly work: Work;
  /** Those that bounds compare do batches of one size, so that each batch has as many checkpoints. */
  readonly paired?: boolean;
  /** Makes the next batch, and brings about what it needs. Not timed. */
  prepare(operations: number): Awaitable<readonly BatchRequest[]>;
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
/** As long as so many batches of full size; and never more batches than the other number. */
const ENOUGH_WARM_UPS = 6;
const MOST_WARM_UPS = 16;

/**
 * Times all contestants by turns, A B C, B C A, ...: a slow phase of the machine meets all of them, and the
 * numbers of one round can be divided by each other. Each batch begins after a garbage collection, so
 * that none pays for the garbage of another.
 *
 * @param most the most operations of a batch.
 */
export async function measure(
  contestants: readonly Contestant[],
  most: number,
  effort: Effort,
  progress: (text: string) => void,
): Promise<Measurement[]> {
  const lanes = contestants.map((contestant) => new Lane(contestant));
  for (const lane of lanes) {
    progress(`warming up ${lane.contestant.name}`);
    await lane.warmUp(most, effort.batchMilliseconds);
  }
  const paired = lanes.filter((lane) => lane.contestant.paired);
  const shared = Math.min(...paired.map((lane) => lane.operations));
  for (const lane of paired) lane.operations = shared;
  for (let round = 0; round < effort.rounds; round++) {
    const first = round % lanes.length;
    for (const lane of [...lanes.slice(first), ...lanes.slice(0, first)]) {
      progress(`round ${round + 1} of ${effort.rounds}: ${lane.contestant.name}`);
      lane.nanoseconds.push(await lane.time(collectGarbage));
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
    this.#loop = batchLoop(contestant.name, contestant.work);
  }

  /** Batches that grow to their size while V8 compiles what they run. */
  async warmUp(most: number, milliseconds: number): Promise<void> {
    let spent = 0;
    for (let batch = 0; batch < MOST_WARM_UPS && spent < ENOUGH_WARM_UPS * milliseconds; batch++) {
      const each = (await this.time()) / 1e6;
      spent += each * this.operations;
      const fitting = Math.max(SMALLEST_BATCH, Math.round(milliseconds / each));
      this.operations = Math.min(most, fitting, this.operations * 4);
    }
  }

  /** One batch: nanoseconds per operation. */
  async time(beforeTheClock = () => {}): Promise<number> {
    const { name, work } = this.contestant;
    const requests = await this.contestant.prepare(this.operations);
    beforeTheClock();
    const begin = process.hrtime.bigint();
    const answer = this.#loop(work.subject, requests);
    const done = work.answers === 'at once' ? answer : await answer;
    const end = process.hrtime.bigint();
    if (done !== requests.length) {
      throw new Error(
        `${name}: ${done} of ${requests.length} operations did what they should, so its time would mean nothing.`,
      );
    }
    return Number(end - begin) / requests.length;
  }
}

// Without it V8 throws away the compiled code of a contestant that waits for several collections.
setFlagsFromString('--no-flush-bytecode');
setFlagsFromString('--expose-gc');
const gc: (options: { type: 'minor' }) => void = runInNewContext('gc');

/**
 * The young objects alone. A full collection would also take the hidden classes of which no object happens
 * to be alive between two batches, and the code compiled for them; a server always has some alive.
 */
function collectGarbage(): void {
  gc({ type: 'minor' });
}
