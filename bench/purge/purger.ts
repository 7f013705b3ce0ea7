import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseSessionCache, type OnehostDatabase, openDatabase } from 'onehost';
import { watchHolds } from './event-loop-holds.ts';
import type { Done, PurgerOrder } from './messages.ts';

let database: OnehostDatabase;
let cache: DatabaseSessionCache;

process.on('message', async (order: PurgerOrder) => {
  if (order.do === 'end') {
    database.close();
    process.disconnect();
  } else if (order.do === 'open') {
    database = await openDatabase(order.file);
    cache = new DatabaseSessionCache(database);
    process.send?.('opened');
  } else process.send?.(await watched(order));
});
// However the bench ends.
process.once('disconnect', () => process.exit());
process.send?.('ready');

async function watched(order: PurgerOrder): Promise<Done> {
  const holds = watchHolds();
  await wait(20);
  const begin = performance.now();
  const { removed, complete } = await carryOut(order);
  const seconds = (performance.now() - begin) / 1000;
  // The timer that measures fires late after a hold: it must have had its turn.
  await wait(20);
  const { longest, longestOwn } = holds();
  return {
    seconds,
    longestHoldMilliseconds: longest,
    longestOwnHoldMilliseconds: longestOwn,
    removed,
    complete,
  };
}

async function carryOut(order: PurgerOrder): Promise<Pick<Done, 'removed' | 'complete'>> {
  if (order.do === 'purge')
    return cache.purgeExpired({ timeBudgetSeconds: order.timeBudgetSeconds });
  if (order.do === 'clear') cache.clear();
  if (order.do === 'idle') await wait(order.seconds * 1000);
  return { removed: 0, complete: true };
}
