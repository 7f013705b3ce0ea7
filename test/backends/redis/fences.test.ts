import { describe, expect, onTestFinished, test } from 'vitest';
import { RedisSessionCache } from '../../../src/redis.ts';
import { lacksRedis, RedisPlace } from './redis-place.ts';

describe.skipIf(lacksRedis)('the fence of a load in Redis', () => {
  const place = RedisPlace.forThisFile();

  async function open() {
    const { prefix, clock } = place.fresh();
    const cache = new RedisSessionCache(await place.connect(), { prefix, clock });
    onTestFinished(() => place.disconnect());
    return cache;
  }

  /** How often it is loaded when this happens during the first load. */
  async function loadsWith(
    cache: RedisSessionCache,
    during: () => unknown,
    before: () => unknown = () => {},
  ): Promise<number> {
    await before();
    let loads = 0;
    await cache.getOrLoad('token', async () => {
      if (++loads === 1) await during();
      return { session: { userId: 7 }, ttlSeconds: 60 };
    });
    return loads;
  }

  test('keeps apart two invalidations at one time of the server', async () => {
    const cache = await open();
    const invalidate = () => cache.invalidate('token');
    // The server's clock stands still: the second is in the same microsecond.
    expect(await loadsWith(cache, invalidate, invalidate)).toBe(2);
  });

  test('is not closed by what happened before it', async () => {
    const cache = await open();
    const before = async () => {
      await cache.invalidate('token');
      await cache.invalidateByUser(7);
    };
    expect(await loadsWith(cache, () => {}, before)).toBe(1);
  });

  test('is closed after ten minutes, before what it looks for is forgotten', async () => {
    const cache = await open();
    const invalidate = () => cache.invalidateByUser(7);
    const late = async () => {
      await invalidate();
      await place.advance(19 * 60);
    };
    expect(await loadsWith(cache, late)).toBe(2);
    const cacheOfAnother = await open();
    expect(await loadsWith(cacheOfAnother, () => place.advance(11 * 60))).toBe(2);
    const patient = await open();
    expect(await loadsWith(patient, () => place.advance(9 * 60))).toBe(1);
  });

  test('is closed by a clock that is set back', async () => {
    const cache = await open();
    expect(await loadsWith(cache, () => place.setWallClockBy(-1))).toBe(2);
  });

  test('notices an invalidation after the clock was set back by a day', async () => {
    const cache = await open();
    await cache.invalidate('token');
    place.setWallClockBy(-24 * 60 * 60);
    expect(await loadsWith(cache, () => cache.invalidate('token'))).toBe(2);
  });
});
