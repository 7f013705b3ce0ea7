// Commits what it is told to through one pipe, and says through another that it has. It is run as a process, which gets its order by
// message, and as a worker thread.
import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseSessionCache, openDatabase } from '../../src/index.ts';
import { Pipe } from '../support/pipe.ts';
import {
  CHECKPOINT,
  CHECKPOINTS,
  type CommitterOrder,
  END,
  INVALIDATE,
  type Numbered,
} from './commit-order.ts';

async function work(order: CommitterOrder, ready: () => void): Promise<void> {
  const database = await openDatabase(order.database, { lockWaitSeconds: 60 });
  const cache = new DatabaseSessionCache<Numbered>(database, {
    revocationDurability: 'process-crash',
  });
  using told = new Pipe(order.told);
  using done = new Pipe(order.done);
  ready();
  for (let what = told.receive(); what !== END; what = told.receive()) {
    if (what >= 0) cache.set(order.token, { userId: order.token, value: what }, 3600);
    else if (what === INVALIDATE) cache.invalidate(order.token);
    else database.connection.pragma(`wal_checkpoint(${CHECKPOINTS[CHECKPOINT - what]})`);
    done.send(what);
  }
  database.close();
}

if (parentPort !== null) {
  const port = parentPort;
  await work(workerData as CommitterOrder, () => port.postMessage('ready'));
} else if (process.send !== undefined) {
  process.once('message', async (order: CommitterOrder) => {
    await work(order, () => process.send?.('ready'));
    process.disconnect();
  });
  process.send('started');
}
