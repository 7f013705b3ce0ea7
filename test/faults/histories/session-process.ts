// One process of an app, which does what it likes to the sessions that it shares with the others. Its parent kills it, stops it, and tells it
// to leave.
import { AppStore } from './app-store.ts';
import { HistoryWriter } from './history-file.ts';
import { openCache } from './open-cache.ts';
import { type NumberedSession, RandomOperations } from './random-operations.ts';
import {
  nanosecondsSince,
  type SessionOrder,
  type SessionReport,
  type SessionRequest,
} from './session-messages.ts';

process.on('disconnect', () => process.exit());
const [order] = process.argv.slice(2).map((text): SessionOrder => JSON.parse(text));
if (order === undefined) throw new Error('Started by session-processes.ts.');

const { cache, close } = await openCache<NumberedSession>(order);
const app = new AppStore(order.appStore);
const work = new RandomOperations(cache, app, order, nanosecondsSince(order.origin));

process.on('message', async (request: SessionRequest) => {
  if (request.type === 'round') {
    const history = new HistoryWriter(request.file);
    await work.run(request.operations, history);
    history.close();
    report({ type: 'done' });
  } else {
    await cache.close();
    await close();
    app[Symbol.dispose]();
    process.disconnect();
  }
});
report({ type: 'ready' });

function report(what: SessionReport): void {
  process.send?.(what);
}
