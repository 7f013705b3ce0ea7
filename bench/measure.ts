import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Awaitable } from 'onehost';
import { type BatchLoop, batchLoop, type Work } from './batch-loop.ts';
import { collectYoungGarbage } from './garbage.ts';
import type { BatchRequest } from './requests.ts';
import type { Sampler } from './turns.ts';

/** One of those whose operations are timed. */
export interface Contestant extends Pick<Sampler, 'name' | 'note' | 'group'> {
  /** Timed. An answer that is not true (or a promise of one) is a failure. */
  readonly work: Work;
  /** Those of a group that bounds compare do batches of one size, so that each batch has as many checkpoints. */
  readonly paired?: boolean;
  /** Makes the next batch, and brings about what it needs. Not timed. */
  prepare(operations: number): Awaitable<readonly BatchRequest[]>;
}

const SMALLEST_BATCH = 32;
/** As long as so many batches of full size; and never more batches than the other number. */
const ENOUGH_WARM_UPS = 6;
const MOST_WARM_UPS = 16;

/**
 * Warms the contestants up. A sample of each is one batch: its mean, in nanoseconds per operation. It begins
 * after a garbage collection, so that none pays for the garbage of another.
 *
 * @param most the most operations of a batch.
 * @param milliseconds how long a batch takes at most, about.
 */
export async function timers(
  contestants: readonly Contestant[],
  most: number,
  milliseconds: number,
  progress: (text: string) => void,
): Promise<Sampler[]> {
  const lanes = contestants.map((contestant) => new Lane(contestant));
  for (const lane of lanes) {
    progress(`warming up ${lane.contestant.name}`);
    await lane.warmUp(most, milliseconds);
  }
  const paired = lanes.filter((lane) => lane.contestant.paired);
  for (const label of new Set(paired.map(({ contestant }) => contestant.group?.label))) {
    const together = paired.filter(({ contestant }) => contestant.group?.label === label);
    const shared = Math.min(...together.map((lane) => lane.operations));
    for (const lane of together) lane.operations = shared;
  }
  return lanes.map((lane) => ({
    ...lane.contestant,
    sample: () => lane.time(collectYoungGarbage),
  }));
}

class Lane {
  readonly contestant: Contestant;
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
    // What a contestant has put off until the event loop is free (onehost's checkpoints) is part of its time.
    await nextTurn();
    const end = process.hrtime.bigint();
    if (done !== requests.length) {
      throw new Error(
        `${name}: ${done} of ${requests.length} operations did what they should, so its time would mean nothing.`,
      );
    }
    return Number(end - begin) / requests.length;
  }
}
