import assert from 'node:assert/strict';
import type { Claim, SessionCacheHarness } from './harness.ts';

export function capabilityClaims(claim: Claim, harness: SessionCacheHarness): void {
  claim('the cache says of itself what the harness says of it', [], async ({ cache }) => {
    assert.deepEqual({ ...cache.capabilities }, { ...harness.capabilities });
    assert.equal(cache.capabilities.staleSeconds > 0, cache.capabilities.coherence === 'bounded');
    assert.throws(() => Object.assign(cache.capabilities, { reach: 'network' }), TypeError);
  });

  claim(
    'entries outlive the cache that set them',
    ['persistent', 'other'],
    async ({ cache, other }) => {
      await cache.set('token', { userId: 7 }, 60);
      await cache.close();
      assert.deepEqual(await other.get('token'), { userId: 7 });
    },
  );

  claim(
    'entries are there for a cache that is opened when all were closed',
    ['persistent'],
    async ({ cache, openCache }) => {
      await cache.set('token', { userId: 7 }, 60);
      await cache.close();
      const reopened = await openCache();
      assert.deepEqual(await reopened.get('token'), { userId: 7 });
      assert.equal((await reopened.listByUser(7)).length, 1);
    },
  );
}
