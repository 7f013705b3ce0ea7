import { describe, test } from 'vitest';
import { RedisJobLedger, RedisLeaseStore } from '../../../src/redis.ts';
import { jobLedgerConformance } from '../../../src/testing/index.ts';
import { lacksRedis, RedisPlace } from './redis-place.ts';

describe.skipIf(lacksRedis)('Redis', () => {
  const place = RedisPlace.forThisFile();

  // Each instance has a connection of its own, as another process has.
  jobLedgerConformance(
    { describe, test },
    {
      name: 'RedisJobLedger',
      keptRuns: 5,
      createPlace: () => {
        const { prefix, clock } = place.fresh();
        return {
          openInstance: async () => {
            const leases = new RedisLeaseStore(await place.connect(), { prefix, clock });
            return {
              leases,
              ledger: new RedisJobLedger(leases, { keptRuns: 5 }),
              stall: (seconds) => place.stall(seconds),
            };
          },
          advance: (seconds) => place.advance(seconds),
          setWallClockBy: (seconds) => place.setWallClockBy(seconds),
          close: () => place.disconnect(),
        };
      },
    },
  );
});
