import assert from 'node:assert/strict';
import type { Claim } from './harness.ts';

export function expiryClaims(claim: Claim): void {
  claim('an entry lives until just before its expiry', ['retains'], async ({ cache, advance }) => {
    await cache.set('token', { userId: 7 }, 10);
    await advance(9.999);
    assert.deepEqual(await cache.get('token'), { userId: 7 });
  });

  claim('an entry is not returned at its expiry', ['retains'], async ({ cache, advance }) => {
    await cache.set('token', { userId: 7 }, 10);
    await cache.get('token');
    await advance(10);
    assert.equal(await cache.get('token'), null);
    assert.deepEqual(await cache.listByUser(7), []);
    assert.equal(await cache.touch('token', 10), false, 'touch does not bring it back');
    assert.equal(await cache.invalidate('token'), false);
  });

  claim('a fraction of a second is a lifetime', ['retains'], async ({ cache, advance }) => {
    await cache.set('token', { userId: 7 }, 0.25);
    assert.deepEqual(await cache.get('token'), { userId: 7 });
    await advance(0.25);
    assert.equal(await cache.get('token'), null);
  });

  claim('a lifetime beyond all dates ends with them', ['retains'], async ({ cache }) => {
    for (const ttlSeconds of [1e13, Number.MAX_VALUE]) {
      await cache.set('token', { userId: 7 }, ttlSeconds);
      assert.equal((await cache.listByUser(7))[0]?.expiresAt.getTime(), 8.64e15);
      assert.deepEqual(await cache.get('token'), { userId: 7 });
    }
  });

  claim(
    'a set in place of another has a lifetime of its own',
    ['retains'],
    async ({ cache, advance }) => {
      await cache.set('token', { userId: 7 }, 10);
      await cache.set('token', { userId: 7, second: true }, 100);
      await advance(50);
      assert.deepEqual(await cache.get('token'), { userId: 7, second: true });
    },
  );

  claim('touch lets a session live on', ['retains'], async ({ cache, advance }) => {
    await cache.set('token', { userId: 7 }, 10);
    await cache.get('token');
    await advance(5);
    assert.equal(await cache.touch('token', 10), true);
    await advance(9);
    assert.deepEqual(await cache.get('token'), { userId: 7 });
    await advance(1);
    assert.equal(await cache.get('token'), null);
  });

  claim('touch may shorten a life, at once', ['retains'], async ({ cache, advance }) => {
    await cache.set('token', { userId: 7 }, 1000);
    await cache.get('token');
    assert.equal(await cache.touch('token', 1), true);
    await advance(1);
    assert.equal(await cache.get('token'), null);
  });

  claim('touch of a token without a session is false and makes none', [], async ({ cache }) => {
    assert.equal(await cache.touch('token', 10), false);
    assert.equal(await cache.get('token'), null);
  });

  claim(
    'touches that follow each other closely never let the session end early',
    ['retains'],
    async ({ cache, advance }) => {
      await cache.set('token', { userId: 7 }, 100);
      for (let touched = 0; touched < 200; touched++) {
        await advance(1);
        assert.equal(await cache.touch('token', 100), true);
      }
      await advance(90);
      assert.deepEqual(await cache.get('token'), { userId: 7 });
    },
  );

  claim(
    'expired entries leave although nobody reads or purges them',
    ['retains'],
    async ({ cache, advance }) => {
      for (let count = 0; count < 50; count++) await cache.set(`old ${count}`, { userId: 7 }, 1);
      await advance(2);
      for (let count = 0; count < 100; count++) await cache.set(`new ${count}`, { userId: 8 }, 60);
      assert.deepEqual(await cache.purgeExpired(), { removed: 0, complete: true });
    },
  );

  claim(
    'purgeExpired removes what has expired and nothing else',
    ['purging'],
    async ({ cache, advance }) => {
      for (let count = 0; count < 20; count++) await cache.set(`live ${count}`, { userId: 8 }, 60);
      for (let count = 0; count < 30; count++) await cache.set(`old ${count}`, { userId: 7 }, 1);
      await advance(1);
      assert.deepEqual(await cache.purgeExpired({ sliceEntries: 7 }), {
        removed: 30,
        complete: true,
      });
      assert.equal((await cache.listByUser(8)).length, 20);
    },
  );

  claim(
    'a purge whose signal came stops after a slice and says that more is left',
    ['purging'],
    async ({ cache, advance }) => {
      for (let count = 0; count < 30; count++) await cache.set(`old ${count}`, { userId: 7 }, 1);
      await advance(1);
      const stopped = await cache.purgeExpired({ sliceEntries: 5, signal: AbortSignal.abort() });
      assert.deepEqual(stopped, { removed: 5, complete: false });
      assert.deepEqual(await cache.purgeExpired(), { removed: 25, complete: true });
    },
  );

  claim(
    'a sooner expiry set by another process is kept to',
    ['other'],
    async ({ cache, other, advance }) => {
      await cache.set('token', { userId: 7 }, 1000);
      await other.get('token');
      await cache.touch('token', 1);
      await advance(1);
      assert.equal(await other.get('token'), null);
    },
  );

  claim(
    'a later expiry set by another process is seen',
    ['other'],
    async ({ cache, other, advance }) => {
      await cache.set('token', { userId: 7 }, 10);
      await other.get('token');
      await cache.touch('token', 1000);
      await advance(500);
      assert.deepEqual(await other.get('token'), { userId: 7 });
    },
  );
}
