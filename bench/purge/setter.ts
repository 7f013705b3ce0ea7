import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseSessionCache, newSessionToken, openDatabase } from 'onehost';
import type { SetterOrder } from './messages.ts';
import { percentilesOf } from './percentiles.ts';

let latencies: number[] = [];
let isOver = false;

process.on('message', (order: SetterOrder) => {
  if (order.do === 'begin') void setAtRate(order.file, order.perSecond);
  else if (order.do === 'report') {
    process.send?.(percentilesOf(latencies));
    latencies = [];
  } else isOver = true;
});
// However the bench ends.
process.once('disconnect', () => process.exit());
process.send?.('ready');

/** At random times, as requests come: evenly spaced ones would meet the slices of a purge always or never. */
async function setAtRate(file: string, perSecond: number): Promise<void> {
  const database = await openDatabase(file);
  const cache = new DatabaseSessionCache(database);
  while (!isOver) {
    await wait((-Math.log(1 - Math.random()) / perSecond) * 1000);
    const session = { userId: Math.floor(Math.random() * 100_000), name: 'Ada' };
    const begin = performance.now();
    cache.set(newSessionToken(), session, 3600);
    latencies.push(performance.now() - begin);
  }
  database.close();
  process.disconnect();
}
