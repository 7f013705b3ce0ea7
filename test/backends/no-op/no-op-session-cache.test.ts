import { describe, expect, test } from 'vitest';
import { NoOpSessionCache } from '../../../src/index.ts';
import { sessionCacheConformance, type TestSession } from '../../../src/testing/index.ts';

sessionCacheConformance(
  { describe, test },
  {
    name: 'NoOpSessionCache',
    capabilities: {
      reach: 'network',
      persistent: false,
      retains: false,
      coherence: 'strict',
      staleSeconds: 0,
    },
    createStore: () => ({
      openCache: () => new NoOpSessionCache<TestSession>(),
      advance: () => {},
      close: () => {},
    }),
  },
);

describe('NoOpSessionCache', () => {
  test('keeps nothing, and each getOrLoad runs its own loader', async () => {
    const cache = new NoOpSessionCache();
    cache.set('token', { userId: 7 }, 60);
    expect(cache.get('token')).toBeNull();
    expect(cache.listByUser(7)).toEqual([]);
    let loads = 0;
    const load = async () => ({ session: { userId: ++loads }, ttlSeconds: 60 });
    const both = await Promise.all([cache.getOrLoad('t', load), cache.getOrLoad('t', load)]);
    expect(both).toEqual([{ userId: 1 }, { userId: 2 }]);
  });
});
