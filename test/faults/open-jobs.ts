import {
  DatabaseJobLedger,
  DatabaseLeaseStore,
  openDatabase,
  type TransactionConnection,
} from '../../src/index.ts';
import type { JobOrder } from './job-messages.ts';
import type { OpenedJobs } from './opened-jobs.ts';

/** What a process is told to use. */
export async function openJobs({ file, server }: JobOrder): Promise<OpenedJobs> {
  if (server === undefined) return inFile(file);
  const { inRedis, inPostgres } = await import('./open-jobs-on-server.ts');
  return server.startsWith('redis:') ? inRedis(server, file) : inPostgres(server);
}

async function inFile(file: string): Promise<OpenedJobs<TransactionConnection>> {
  const database = await openDatabase(file);
  return {
    leases: new DatabaseLeaseStore(database),
    ledger: new DatabaseJobLedger(database),
    write: ({ scheduledFor, fencingToken, transaction }) =>
      transaction((connection) => {
        connection
          .prepare('insert into effects (tick, token) values (?, ?)')
          .run(scheduledFor.getTime(), fencingToken);
      }),
    close: async () => database.close(),
  };
}
