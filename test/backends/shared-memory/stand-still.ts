import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';

// Reads, and stands still in the middle of it, as one does that is stopped right then.
process.once('message', async ({ folder, token }: { folder: string; token: string }) => {
  const memory = await openSharedMemory('test', { folder });
  new SharedMemorySessionCache(memory).get(token);
  memory.read(Date.now(), () => {
    memory.marks.position();
    process.send?.('reads');
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  });
});
process.send?.('ready');
