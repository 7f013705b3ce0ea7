import { watchHolds } from './event-loop-holds.ts';
import type { BystanderOrder } from './messages.ts';

let holds = watchHolds();

process.on('message', (order: BystanderOrder) => {
  if (order.do === 'end') return process.disconnect();
  process.send?.(holds().longest);
  holds = watchHolds();
});
// However the bench ends.
process.once('disconnect', () => process.exit());
process.send?.('ready');
