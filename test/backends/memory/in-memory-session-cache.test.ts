import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test, vi } from 'vitest';
import { InMemorySessionCache } from '../../../src/index.ts';
import {
  ManualClock,
  sessionCacheConformance,
  type TestSession,
} from '../../../src/testing/index.ts';

sessionCacheConformance(
  { describe, test },
  {
    name: 'InMemorySessionCache',
    capabilities: {
      reach: 'process',
      persistent: false,
      retains: true,
      coherence: 'strict',
      staleSeconds: 0,
    },
    createStore: () => {
      const clock = new ManualClock();
      return {
        openCache: () => new InMemorySessionCache<TestSession>({ clock }),
        advance: (seconds) => clock.advance(seconds),
        close: () => {},
      };
    },
  },
);

describe('InMemorySessionCache', () => {
  test('is bounded: the session not read for the longest time leaves first', () => {
    const cache = new InMemorySessionCache({ maxEntries: 2 });
    cache.set('a', { userId: 1 }, 60);
    cache.set('b', { userId: 2 }, 60);
    cache.get('a');
    cache.set('c', { userId: 3 }, 60);
    expect(cache.get('b')).toBeNull();
    expect(cache.get('a')).toEqual({ userId: 1 });
    expect(cache.listByUser(2)).toEqual([]);
    expect(cache.invalidateByUser(2)).toBe(0);
  });

  test('does not keep what was revoked while it was loaded, however many others were', async () => {
    const cache = new InMemorySessionCache<TestSession>();
    let loads = 0;
    const session = await cache.getOrLoad('token', () => {
      if (++loads === 1)
        for (let userId = 5000; userId >= 0; userId--) cache.invalidateByUser(userId);
      return { session: { userId: 7, loads }, ttlSeconds: 60 };
    });
    expect(session).toEqual({ userId: 7, loads: 2 });
  });

  test('does not let a load bring back what a session had replaced that was evicted meanwhile', async () => {
    const cache = new InMemorySessionCache<TestSession>({ maxEntries: 1 });
    const told = vi.fn();
    subscribe('onehost:evicted', told);
    let loads = 0;
    const session = await cache.getOrLoad('token', () => {
      if (++loads === 1) {
        cache.set('token', { userId: 7, text: 'newer' }, 60);
        cache.set('another', { userId: 8 }, 60);
      }
      return { session: { userId: 7, loads }, ttlSeconds: 60 };
    });
    unsubscribe('onehost:evicted', told);
    expect(session).toEqual({ userId: 7, loads: 2 });
    // The second is that other session.
    expect(told.mock.calls.map(([event]) => event)).toEqual([{ removed: 1 }, { removed: 1 }]);
  });

  test.each([0, -1, 1.5, Number.NaN, '10'])('refuses maxEntries of %s', (maxEntries) => {
    expect(() => new InMemorySessionCache({ maxEntries: maxEntries as number })).toThrow(
      expect.objectContaining({ code: 'ONEHOST_INVALID_OPTION' }),
    );
  });
});
