// One process of an app, with a scheduler and a job each second that writes its tick into a table of the app. Its parent kills
// it, stops it, and tells it to leave.
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as wait } from 'node:timers/promises';
import {
  DatabaseJobLedger,
  DatabaseLeaseStore,
  isOnehostError,
  type OnehostEvents,
  openDatabase,
  Scheduler,
  type TransactionConnection,
} from '../../src/index.ts';
import { type JobOrder, type JobReport, TICK_MILLISECONDS } from './job-messages.ts';

const EXPECTED: readonly string[] = ['ONEHOST_LEASE_LOST', 'ONEHOST_CLOCK_SET_BACK'];

process.on('disconnect', () => process.exit());
const [order] = process.argv.slice(2).map((text): JobOrder => JSON.parse(text));
if (order === undefined) throw new Error('Started by job-processes.ts.');

const database = await openDatabase(order.file);
const scheduler = new Scheduler<TransactionConnection>({
  leases: new DatabaseLeaseStore(database),
  ledger: new DatabaseJobLedger(database),
  durationSeconds: order.durationSeconds,
  onError: (error) => {
    // What a process is told that was woken, or whose clock was set; the rest would be a surprise.
    const isExpected = isOnehostError(error) && EXPECTED.includes(error.code);
    if (!isExpected) console.error(error);
  },
});
scheduler.add({
  name: 'job',
  ...(order.schedule === 'cron'
    ? { cron: '* * * * * *' }
    : { everySeconds: TICK_MILLISECONDS / 1000 }),
  async run({ scheduledFor, fencingToken, transaction }) {
    const tick = scheduledFor.getTime();
    report({ type: 'begun', tick, fencingToken });
    await someTime();
    await transaction((connection) =>
      connection.prepare('insert into effects (tick, token) values (?, ?)').run(tick, fencingToken),
    );
    await someTime();
  },
});
subscribe('onehost:lease-lost', (event) => {
  const { error } = event as OnehostEvents['onehost:lease-lost'];
  report({ type: 'lost', message: error.message });
});
scheduler.start();
report({ type: 'contending' });

process.once('message', async () => {
  await scheduler.stop();
  database.close();
  process.disconnect();
});

/** Long enough to be killed in it, short enough to have ended at the next tick. */
function someTime(): Promise<void> {
  return wait(100 + Math.random() * 200);
}

function report(what: JobReport): void {
  process.send?.(what);
}
