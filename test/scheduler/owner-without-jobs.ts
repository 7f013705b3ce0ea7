// Owns the jobs, of which there are none: `owner-without-jobs.ts <file>`. Ends with 0 if it was still there after a while, and with 1
// if there was nothing left before that for which Node would keep the process.
import { DatabaseJobLedger, DatabaseLeaseStore, openDatabase, Scheduler } from '../../src/index.ts';

process.exitCode = 1;
const database = await openDatabase(process.argv[2] as string);
const scheduler = new Scheduler({
  leases: new DatabaseLeaseStore(database),
  ledger: new DatabaseJobLedger(database),
  durationSeconds: 120,
});
scheduler.start();
const look = async () => {
  process.exitCode = scheduler.isOwner ? 0 : 2;
  await scheduler.stop();
  database.close();
};
setTimeout(() => void look(), 1000).unref();
