import { describe, test } from 'vitest';
import { RedisLeaseStore } from '../../../src/redis.ts';
import { leaseStoreConformance } from '../../../src/testing/index.ts';
import { lacksRedis, RedisPlace } from './redis-place.ts';

describe.skipIf(lacksRedis)('Redis', () => {
  const place = RedisPlace.forThisFile();

  // Each instance has a connection of its own, as another process has.
  leaseStoreConformance(
    { describe, test },
    {
      name: 'RedisLeaseStore',
      capabilities: { reach: 'network', seesProcessEnd: false, transactions: false },
      createPlace: () => {
        const { prefix, clock } = place.fresh();
        return {
          openInstance: async () => ({
            leases: new RedisLeaseStore(await place.connect(), { prefix, clock }),
            stall: (seconds) => place.stall(seconds),
          }),
          advance: (seconds) => place.advance(seconds),
          setWallClockBy: (seconds) => place.setWallClockBy(seconds),
          close: () => place.disconnect(),
        };
      },
    },
  );
});
