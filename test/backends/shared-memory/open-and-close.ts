import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';

// Opens and closes the same memory over and over, until it is told to end.
process.once('message', async ({ folder }: { folder: string }) => {
  let isToEnd = false;
  let opened = 0;
  process.once('message', () => {
    isToEnd = true;
  });
  process.send?.('begins');
  while (!isToEnd) {
    const memory = await openSharedMemory('test', { folder });
    new SharedMemorySessionCache(memory).get('token');
    await memory.close();
    opened++;
  }
  process.send?.(opened, () => process.disconnect());
});
process.send?.('ready');
