import { DatabaseSessionCache, type OpenDatabaseOptions, openDatabase } from '../../src/index.ts';
import { History } from './history.ts';
import { doRandomOperations, type Numbered, type Workload } from './random-operations.ts';

/** What the parent sends to begin. */
export interface WorkOrder extends Workload {
  readonly database: string;
  readonly historyFile: string;
  readonly changeLogEntries: number;
  readonly changeWatch: OpenDatabaseOptions['changeWatch'];
}

// Nothing is done before every process is here, so that they really overlap.
process.once('message', async (order: WorkOrder) => {
  const database = await openDatabase(order.database, {
    changeLogEntries: order.changeLogEntries,
    changeWatch: order.changeWatch,
    lockWaitSeconds: 60,
  });
  // Coherence does not depend on the fsync, and a million of them would take an hour.
  const cache = new DatabaseSessionCache<Numbered>(database, {
    revocationDurability: 'process-crash',
    touchWriteShare: 0,
  });
  const history = new History();
  await doRandomOperations(cache, order, history);
  history.write(order.historyFile);
  database.close();
  process.disconnect();
});
process.send?.('ready');
