// Registers a job and writes once to its ledger, and writes a line before and after that, to be found in a trace of the
// system calls: `record-once.ts <file> <method>`.
import { writeSync } from 'node:fs';
import { DatabaseJobLedger, DatabaseLeaseStore, openDatabase } from '../../../src/index.ts';

const [file, method] = process.argv.slice(2) as [string, string];
const database = await openDatabase(file);
const ledger = new DatabaseJobLedger(database);
const lease = await new DatabaseLeaseStore(database).acquire('scheduler');
const [job, tick] = ['job', new Date(1000)];
ledger.register(lease, { name: job, schedule: 'hourly', startAt: new Date(0) });
if (method === 'finish') ledger.begin(lease, job, tick);
writeSync(1, 'the write begins\n');
if (method === 'begin') ledger.begin(lease, job, tick);
if (method === 'recordUnrun') {
  ledger.recordUnrun(lease, { job, first: tick, last: tick, ticks: 1, outcome: 'missed' });
}
if (method === 'rewind') ledger.rewind(lease, { job, to: new Date(-1000) });
if (method === 'finish') {
  const outcome = 'succeeded';
  ledger.finish(lease, { job, scheduledFor: tick, outcome, attempts: 1, error: null });
}
writeSync(1, 'the write has returned\n');
database.close();
