import { describe, test } from 'vitest';
import type { SessionCacheCapabilities } from '../../../src/index.ts';
import { RedisSessionCache, type RedisSessionCacheOptions } from '../../../src/redis.ts';
import { sessionCacheConformance, type TestSession } from '../../../src/testing/index.ts';
import { lacksRedis, RedisPlace } from './redis-place.ts';

const strict: SessionCacheCapabilities = {
  reach: 'network',
  persistent: true,
  retains: true,
  coherence: 'strict',
  staleSeconds: 0,
  selfPurging: true,
};
const bounded: SessionCacheCapabilities = { ...strict, coherence: 'bounded', staleSeconds: 1 };

const variants: [string, SessionCacheCapabilities, RedisSessionCacheOptions][] = [
  ['RedisSessionCache', strict, {}],
  ['RedisSessionCache with a near cache', bounded, { nearCacheEntries: 1000 }],
  ['RedisSessionCache with a near cache of one entry', bounded, { nearCacheEntries: 1 }],
];

describe.skipIf(lacksRedis)('Redis', () => {
  const place = RedisPlace.forThisFile();

  for (const [name, capabilities, options] of variants) {
    sessionCacheConformance(
      { describe, test },
      {
        name,
        capabilities,
        // Each cache has a connection of its own, as another process has.
        createStore: () => {
          const { prefix, clock } = place.fresh();
          return {
            openCache: async () =>
              new RedisSessionCache<TestSession>(await place.connect(), {
                ...options,
                prefix,
                clock,
              }),
            advance: (seconds) => place.advance(seconds),
            close: () => place.disconnect(),
          };
        },
      },
    );
  }
});
