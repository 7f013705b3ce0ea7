import { afterAll, beforeAll, describe, test } from 'vitest';
import { PostgresSessionCache } from '../../../src/postgres.ts';
import { sessionCacheConformance, type TestSession } from '../../../src/testing/index.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';
import { PostgresPlace } from './postgres-place.ts';

describe.skipIf(lacksPostgres)('on a real server', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  sessionCacheConformance(
    { describe, test },
    {
      name: 'PostgresSessionCache',
      capabilities: {
        reach: 'network',
        persistent: true,
        retains: true,
        coherence: 'strict',
        staleSeconds: 0,
      },
      createStore: async () => {
        const place = await PostgresPlace.on(server);
        return {
          openCache: async () => new PostgresSessionCache<TestSession>(await place.open()),
          advance: (seconds) => place.advance(seconds),
          close: () => place[Symbol.asyncDispose](),
        };
      },
    },
  );
});
