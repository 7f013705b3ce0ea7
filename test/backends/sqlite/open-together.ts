import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';

/** How long all processes have for one file before the next is due. */
const ROUND_MILLISECONDS = 250;

interface Order {
  readonly files: readonly string[];
  /** When the first file is due, by the clock that all processes share. */
  readonly startAt: number;
  readonly process: number;
}

// Opens one file after the other, each at a moment that is the same for all processes.
process.once('message', async (order: Order) => {
  for (const [round, file] of order.files.entries()) {
    const due = order.startAt + round * ROUND_MILLISECONDS;
    if (due - Date.now() > 5) await wait(due - Date.now() - 5);
    while (Date.now() < due) {
      // Awake, so as not to be late.
    }
    const database = await openDatabase(file);
    new DatabaseSessionCache(database).set(`of ${order.process}`, { userId: 7 }, 3600);
    database.close();
  }
  process.disconnect();
});
process.send?.('ready');
