// One process of an app, with a scheduler and a job each second that writes its tick into a table of the app. Its parent kills
// it, stops it, and tells it to leave.
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import { isOnehostError, type OnehostEvents, Scheduler } from '../../src/index.ts';
import { type JobOrder, type JobReport, TICK_MILLISECONDS } from './job-messages.ts';
import { openJobs } from './open-jobs.ts';

/** What a process is told that was woken, in whose sleep a call to a server has come to its deadline, or whose clock was set. */
const EXPECTED: readonly string[] = [
  'ONEHOST_LEASE_LOST',
  'ONEHOST_LEASE_STORE_UNAVAILABLE',
  'ONEHOST_CLOCK_SET_BACK',
];

process.on('disconnect', () => process.exit());
const [order] = process.argv.slice(2).map((text): JobOrder => JSON.parse(text));
if (order === undefined) throw new Error('Started by job-processes.ts.');

const jobs = await openJobs(order);
const scheduler = new Scheduler({
  leases: jobs.leases,
  ledger: jobs.ledger,
  durationSeconds: order.durationSeconds,
  onError: (error) => {
    const isExpected = isOnehostError(error) && EXPECTED.includes(error.code);
    if (!isExpected) report({ type: 'surprised', message: inspect(error) });
  },
});
scheduler.add({
  name: 'job',
  ...(order.schedule === 'cron'
    ? { cron: '* * * * * *' }
    : { everySeconds: TICK_MILLISECONDS / 1000 }),
  async run(context) {
    const { scheduledFor, fencingToken } = context;
    report({ type: 'begun', tick: scheduledFor.getTime(), fencingToken });
    await someTime();
    await jobs.write(context);
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
  await jobs.close();
  process.disconnect();
});

/** Long enough to be killed in it, short enough to have ended at the next tick. */
function someTime(): Promise<void> {
  return wait(100 + Math.random() * 200);
}

function report(what: JobReport): void {
  process.send?.(what);
}
