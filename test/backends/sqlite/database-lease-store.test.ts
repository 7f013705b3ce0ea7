import { describe, test } from 'vitest';
import type { TransactionConnection } from '../../../src/index.ts';
import { DatabaseLeaseStore, openDatabase } from '../../../src/index.ts';
import { leaseStoreConformance, ManualClock } from '../../../src/testing/index.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

// Each instance has a connection of its own to the same file, as another process has.
leaseStoreConformance(
  { describe, test },
  {
    name: 'DatabaseLeaseStore',
    capabilities: { reach: 'host', seesProcessEnd: true, transactions: true },
    createPlace: () => {
      const folder = new TemporaryFolder();
      const file = folder.file('leases.db');
      const clock = new ManualClock();
      const opened: AsyncDisposable[] = [];
      withConnection(file, (connection) => {
        connection.exec(
          'create table counter (n integer not null); insert into counter values (0)',
        );
      });
      return {
        openInstance: async () => {
          // Who is kept out by a transaction waits in real time.
          const database = await openDatabase(file, { clock, lockWaitSeconds: 0.1 });
          opened.push(database);
          return {
            leases: new DatabaseLeaseStore(database),
            stall: (seconds) => clock.stall(seconds),
            counter: {
              write: (connection) => {
                (connection as TransactionConnection).prepare('update counter set n = n + 1').run();
              },
              read: () =>
                withConnection(file, (connection) =>
                  connection.prepare<[], number>('select n from counter').pluck().get(),
                ) as number,
            },
          };
        },
        advance: (seconds) => clock.advance(seconds),
        setWallClockBy: (seconds) => clock.setWallClockBy(seconds),
        close: async () => {
          for (const database of opened) await database[Symbol.asyncDispose]();
          folder[Symbol.dispose]();
        },
      };
    },
  },
);
