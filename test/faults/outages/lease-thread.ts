// A worker thread that holds a lease, and stands in the middle of a write when it is told to.
import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseLeaseStore, openDatabase } from '../../../src/index.ts';

const { file } = workerData as { file: string };
const database = await openDatabase(file);
const lease = await new DatabaseLeaseStore(database).acquire('thread', { durationSeconds: 12 });
parentPort?.on('message', () =>
  lease.transaction(() => {
    parentPort?.postMessage('writing');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }),
);
parentPort?.postMessage('holding');
