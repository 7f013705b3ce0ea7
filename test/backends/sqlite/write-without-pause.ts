// A process that sets sessions without a pause and writes into a file how that went; `several-writers.test.ts` starts it.
import { existsSync, writeFileSync } from 'node:fs';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';

/** What the parent sends to begin. */
export interface WriteOrder {
  readonly file: string;
  readonly index: number;
  readonly seconds: number;
  /** Kills itself in the middle of a transaction when the time is over. */
  readonly endsKilled: boolean;
  readonly reportFile: string;
  /** The report files of all that write together. */
  readonly everybody: readonly string[];
}

export interface WriteReport {
  readonly writes: number;
  readonly worstSeconds: number;
  readonly failures: readonly string[];
}

process.once('message', async (order: WriteOrder) => {
  // Its last write kills it, which is to wait for the others as long as it takes.
  const database = await openDatabase(order.file, { lockWaitSeconds: order.endsKilled ? 30 : 5 });
  const cache = new DatabaseSessionCache(database);
  const hasOpened = (reportFile: string) => `${reportFile}-opened`;
  writeFileSync(hasOpened(order.reportFile), '');
  while (!order.everybody.every((file) => existsSync(hasOpened(file)))) await eventLoopTurn();
  const failures: string[] = [];
  let worst = 0;
  let writes = 0;
  const end = performance.now() + order.seconds * 1000;
  for (; performance.now() < end; writes++) {
    const began = performance.now();
    try {
      cache.set(`${order.index} ${writes % 1000}`, { userId: writes }, 3600);
    } catch (error) {
      failures.push((error as { code?: string }).code ?? String(error));
    }
    worst = Math.max(worst, performance.now() - began);
    if (writes % 20 === 0) await eventLoopTurn();
  }
  const report: WriteReport = { writes, worstSeconds: worst / 1000, failures };
  writeFileSync(order.reportFile, JSON.stringify(report));
  if (order.endsKilled) database.write(() => process.kill(process.pid, 'SIGKILL'));
  database.close();
  process.disconnect();
});
process.send?.('ready');
