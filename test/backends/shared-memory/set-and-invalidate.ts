import { openSync, writeSync } from 'node:fs';
import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';
import type { TestSession } from '../../../src/testing/index.ts';
import { type EndlessOrder, LIVE } from './endless-order.ts';

// Sets sessions and invalidates the ones before until it is killed, and writes down the number of each call that has returned.
process.once('message', async ({ folder, name, log }: EndlessOrder) => {
  const memory = await openSharedMemory('test', { folder });
  const cache = new SharedMemorySessionCache<TestSession>(memory);
  const file = openSync(log, 'a');
  process.send?.('begins');
  for (let number = 0; ; number++) {
    cache.set(`${name} ${number}`, { userId: number % 7, text: 'x'.repeat(number % 900) }, 3600);
    cache.get(`${name} ${number}`);
    writeSync(file, `set ${number}\n`);
    if (number < LIVE) continue;
    cache.invalidate(`${name} ${number - LIVE}`);
    writeSync(file, `invalidated ${number - LIVE}\n`);
  }
});
process.send?.('ready');
