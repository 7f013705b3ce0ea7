import { afterAll, beforeAll, describe, test } from 'vitest';
import { PostgresJobLedger, PostgresLeaseStore } from '../../../src/postgres.ts';
import { jobLedgerConformance } from '../../../src/testing/index.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';
import { PostgresPlace } from './postgres-place.ts';

describe.skipIf(lacksPostgres)('on a real server', () => {
  const keptRuns = 5;
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  jobLedgerConformance(
    { describe, test },
    {
      name: 'PostgresJobLedger',
      keptRuns,
      createPlace: async () => {
        const place = await PostgresPlace.on(server);
        return {
          openInstance: async () => {
            const postgres = await place.open();
            return {
              leases: new PostgresLeaseStore(postgres),
              ledger: new PostgresJobLedger(postgres, { keptRuns }),
              stall: (seconds) => place.stall(seconds),
            };
          },
          advance: (seconds) => place.advance(seconds),
          setWallClockBy: (seconds) => place.setWallClockBy(seconds),
          close: () => place[Symbol.asyncDispose](),
        };
      },
    },
  );
});
