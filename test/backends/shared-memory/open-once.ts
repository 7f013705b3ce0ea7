import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';

// Opens, at the same moment as others, memory that is not there yet.
process.once('message', async ({ folder, number }: { folder: string; number: number }) => {
  const memory = await openSharedMemory('test', { folder });
  new SharedMemorySessionCache(memory).set(`of ${number}`, { userId: 7 }, 3600);
  await memory.close();
  process.disconnect();
});
process.send?.('ready');
