import { parentPort, workerData } from 'node:worker_threads';
import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';

// Answers each token with its session, and invalidates those it is told to.
const memory = await openSharedMemory('test', { folder: workerData.folder });
const cache = new SharedMemorySessionCache(memory);
parentPort?.on('message', async (order: { get?: string; invalidate?: string; end?: true }) => {
  if (order.get !== undefined) parentPort?.postMessage({ session: cache.get(order.get) });
  if (order.invalidate !== undefined) {
    parentPort?.postMessage({ wasLive: cache.invalidate(order.invalidate) });
  }
  if (order.end) {
    await memory.close();
    parentPort?.close();
  }
});
parentPort?.postMessage('ready');
