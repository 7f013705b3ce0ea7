import { setTimeout as wait } from 'node:timers/promises';
import {
  openSharedMemory,
  type SharedMemory,
  SharedMemorySessionCache,
} from '../../../src/shared-memory.ts';

/** How long all processes have for one memory before the next is due. */
const ROUND_MILLISECONDS = 100;

export interface OpeningOrder {
  readonly folder: string;
  readonly rounds: number;
  /** When the first is due, by the clock that all processes share. */
  readonly startAt: number;
  readonly process: number;
}

// Opens one memory after the other, each at a moment that is the same for all processes, and sets a session in it. Every other one is closed at once.
process.once('message', async ({ folder, rounds, startAt, process: number }: OpeningOrder) => {
  const kept: SharedMemory[] = [];
  for (let round = 0; round < rounds; round++) {
    const due = startAt + round * ROUND_MILLISECONDS;
    if (due - Date.now() > 5) await wait(due - Date.now() - 5);
    while (Date.now() < due) {
      // Awake, so as not to be late.
    }
    const memory = await openSharedMemory(`round-${round}`, { folder });
    new SharedMemorySessionCache(memory).set(`of ${number}`, { userId: 7 }, 3600);
    if (round % 2 === 0) await memory.close();
    else kept.push(memory);
  }
  // The others are left to the end of the process.
  process.disconnect();
});
process.send?.('ready');
