import type { Transaction } from 'kysely';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { PostgresLeaseStore } from '../../../src/postgres.ts';
import { leaseStoreConformance } from '../../../src/testing/index.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';
import { PostgresPlace } from './postgres-place.ts';

/** The app's own table. */
interface Counted {
  readonly counter: { readonly n: number };
}

describe.skipIf(lacksPostgres)('on a real server', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  leaseStoreConformance(
    { describe, test },
    {
      name: 'PostgresLeaseStore',
      capabilities: { reach: 'network', seesProcessEnd: false, transactions: true },
      createPlace: async () => {
        const place = await PostgresPlace.on(server);
        return {
          openInstance: async () => ({
            leases: new PostgresLeaseStore(await place.open()),
            stall: (seconds) => place.stall(seconds),
            counter: {
              write: async (connection) => {
                await (connection as Transaction<Counted>)
                  .withSchema(place.schema)
                  .updateTable('counter')
                  .set(({ eb }) => ({ n: eb('n', '+', 1) }))
                  .execute();
              },
              read: () => place.count(),
            },
          }),
          advance: (seconds) => place.advance(seconds),
          setWallClockBy: (seconds) => place.setWallClockBy(seconds),
          close: () => place[Symbol.asyncDispose](),
        };
      },
    },
  );
});
