// Opens a database when it is told to, and writes without pause until it is killed. Before each operation it writes down what it is
// about to do, and after it that it has returned, in a file that only grows: what the kernel has been given outlives the process.
import { openSync, writeSync } from 'node:fs';
import {
  DatabaseJobLedger,
  type DatabaseLease,
  DatabaseLeaseStore,
  DatabaseSessionCache,
  openDatabase,
} from '../../../src/index.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import {
  chooseOperation,
  JOB,
  type JournalLine,
  LEASE,
  type Operation,
  type StoredSession,
} from './operations.ts';

/** What the parent sends to begin. */
export interface WriterOrder {
  readonly file: string;
  readonly journal: string;
  readonly round: number;
  readonly seed: number;
  /** From when on the parent counts the time until it kills: the file is about to be opened, or was. */
  readonly countsFrom: 'opening' | 'writing';
}

process.on('disconnect', () => process.exit());
process.once('message', (order: WriterOrder) => void write(order));
{
  // What is loaded when the first file is opened takes longer than to open it.
  using folder = new TemporaryFolder();
  (await openDatabase(folder.file('first.db'))).close();
}
process.send?.('ready');

async function write({ file, journal, round, seed, countsFrom }: WriterOrder): Promise<never> {
  const descriptor = openSync(journal, 'a');
  const note = (line: JournalLine) => writeSync(descriptor, `${JSON.stringify(line)}\n`);
  if (countsFrom === 'opening') process.send?.('begun');
  const perform = await performerOn(file);
  if (countsFrom === 'writing') process.send?.('begun');
  const random = randomNumbers(seed);
  for (let count = 0; ; count++) {
    const operation = chooseOperation(random, round, count);
    note({ begins: operation });
    note({ returned: await perform(operation) });
  }
}

/** What performs an operation, and gives the fencing token of the present term. */
async function performerOn(file: string): Promise<(operation: Operation) => Promise<number>> {
  const database = await openDatabase(file);
  const sessions = new DatabaseSessionCache<StoredSession>(database);
  const leases = new DatabaseLeaseStore(database);
  const ledger = new DatabaseJobLedger(database);
  let lease = takeLease();
  let lastTick = new Date(0);

  function takeLease(): DatabaseLease {
    const [term] = leases.list();
    const taken =
      term?.holder == null
        ? leases.tryAcquire(LEASE)
        : leases.steal({ ...term, holder: term.holder });
    if (taken === null) throw new Error('Nobody else is there to take it.');
    return taken;
  }

  async function perform(operation: Operation): Promise<unknown> {
    switch (operation.does) {
      case 'set': {
        const { token, userId, text } = operation;
        return sessions.set(token, { userId, text }, 3600);
      }
      case 'set-short':
        return sessions.set(operation.token, { userId: operation.userId, text: '' }, 0.001);
      case 'invalidate':
        return sessions.invalidate(operation.token);
      case 'invalidate-by-user':
        return sessions.invalidateByUser(operation.userId);
      case 'clear':
        return sessions.clear();
      case 'purge':
        return sessions.purgeExpired();
      case 'checkpoint':
        return database.connection.pragma('wal_checkpoint(restart)');
      case 'take':
        lease = takeLease();
        return ledger.register(lease, { name: JOB, schedule: 'hourly', startAt: new Date(0) });
      case 'renew':
        return lease.renew();
      case 'transaction':
        return lease.transaction((connection) => {
          connection.exec('create table if not exists pairs (number integer primary key)');
          const insert = connection.prepare('insert into pairs values (?)');
          insert.run(2 * operation.number);
          insert.run(2 * operation.number + 1);
        });
      case 'begin':
        lastTick = new Date(operation.tick);
        return ledger.begin(lease, JOB, lastTick);
      case 'finish': {
        const outcome = 'succeeded';
        const ended = { scheduledFor: lastTick, outcome, attempts: 1, error: null } as const;
        return ledger.finish(lease, { job: JOB, ...ended });
      }
      case 'record-missed': {
        const tick = new Date(operation.tick);
        const missed = { first: tick, last: tick, ticks: 1, outcome: 'missed' } as const;
        return ledger.recordUnrun(lease, { job: JOB, ...missed });
      }
    }
  }

  return async (operation) => {
    await perform(operation);
    return lease.fencingToken;
  };
}
