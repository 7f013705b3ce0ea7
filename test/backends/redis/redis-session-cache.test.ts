import { describe, test } from 'vitest';
import { RedisSessionCache } from '../../../src/redis.ts';
import { sessionCacheConformance, type TestSession } from '../../../src/testing/index.ts';
import { lacksRedis, RedisPlace } from './redis-place.ts';

describe.skipIf(lacksRedis)('Redis', () => {
  const place = RedisPlace.forThisFile();

  // Each cache has a connection of its own, as another process has.
  sessionCacheConformance(
    { describe, test },
    {
      name: 'RedisSessionCache',
      capabilities: {
        reach: 'network',
        persistent: true,
        retains: true,
        coherence: 'strict',
        staleSeconds: 0,
        selfPurging: true,
      },
      createStore: () => {
        const { prefix, clock } = place.fresh();
        return {
          openCache: async () =>
            new RedisSessionCache<TestSession>(await place.connect(), { prefix, clock }),
          advance: (seconds) => place.advance(seconds),
          close: () => place.disconnect(),
        };
      },
    },
  );
});
