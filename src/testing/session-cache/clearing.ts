import assert from 'node:assert/strict';
import { sessionIdOf } from '../../session-tokens/session-id.ts';
import type { Claim, ClaimContext } from './harness.ts';

type Cache = ClaimContext['cache'];

async function setMany(cache: Cache, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    await cache.set(`token ${number}`, { userId: number % 5 }, 60);
  }
}

export function clearingClaims(claim: Claim): void {
  claim('after clear there is nothing to list, touch or drop', ['retains'], async ({ cache }) => {
    await setMany(cache, 20);
    await cache.clear();
    for (let number = 0; number < 20; number++) {
      assert.equal(await cache.get(`token ${number}`), null);
      assert.equal(await cache.touch(`token ${number}`, 60), false);
      assert.equal(await cache.invalidateById(number % 5, sessionIdOf(`token ${number}`)), false);
      assert.equal(await cache.invalidate(`token ${number}`), false);
    }
    for (let userId = 0; userId < 5; userId++) {
      assert.deepEqual(await cache.listByUser(userId), []);
      assert.equal(await cache.invalidateByUser(userId), 0);
    }
  });

  claim(
    'a session set after clear is a new one, listed and counted once',
    ['retains'],
    async ({ cache, advance }) => {
      await cache.set('token', { userId: 7, before: true }, 600);
      const before = (await cache.listByUser(7))[0];
      await advance(5);
      await cache.clear();
      await cache.set('token', { userId: 7 }, 60);
      assert.deepEqual(await cache.get('token'), { userId: 7 });
      const list = await cache.listByUser(7);
      assert.deepEqual(
        list.map(({ session }) => session),
        [{ userId: 7 }],
      );
      assert.equal(list[0]?.createdAt.getTime(), (before?.createdAt.getTime() ?? 0) + 5000);
      assert.equal(await cache.touch('token', 30), true);
      assert.equal(await cache.invalidateByUser(7), 1);
      assert.equal(await cache.get('token'), null);
    },
  );

  claim(
    'what is set between two clears is dropped by the second',
    ['retains'],
    async ({ cache }) => {
      await cache.set('token', { userId: 7, round: 1 }, 60);
      await cache.clear();
      await cache.set('token', { userId: 7, round: 2 }, 60);
      await cache.set('another', { userId: 7 }, 60);
      await cache.clear();
      assert.equal(await cache.get('token'), null);
      assert.equal(await cache.get('another'), null);
      await cache.clear();
      await cache.set('token', { userId: 8, round: 3 }, 60);
      assert.deepEqual(await cache.get('token'), { userId: 8, round: 3 });
      assert.deepEqual(await cache.listByUser(7), []);
    },
  );

  claim(
    'a purge after clear leaves what was set since, and nothing for the next',
    ['retains'],
    async ({ cache }) => {
      await setMany(cache, 50);
      await cache.clear();
      await cache.set('token 7', { userId: 2, after: true }, 60);
      assert.equal((await cache.purgeExpired({ sliceEntries: 7 })).complete, true);
      assert.deepEqual(await cache.get('token 7'), { userId: 2, after: true });
      assert.equal((await cache.listByUser(2)).length, 1);
      assert.deepEqual(await cache.purgeExpired(), { removed: 0, complete: true });
    },
  );

  claim('cleared entries leave although nobody purges', ['retains'], async ({ cache }) => {
    await setMany(cache, 50);
    await cache.clear();
    for (let count = 0; count < 60; count++) await cache.set(`new ${count}`, { userId: 8 }, 60);
    assert.deepEqual(await cache.purgeExpired(), { removed: 0, complete: true });
    assert.equal((await cache.listByUser(8)).length, 60);
  });

  claim(
    'what was loaded before a clear does not replace what was set after it',
    ['retains'],
    async ({ cache }) => {
      let clearing: PromiseLike<void> | undefined;
      const loaded = await cache.getOrLoad('token', async () => {
        clearing ??= (async () => {
          await cache.clear();
          await cache.set('token', { userId: 7, after: true }, 60);
        })();
        await clearing;
        return { session: { userId: 7, before: true }, ttlSeconds: 60 };
      });
      assert.deepEqual(loaded, { userId: 7, after: true });
      assert.deepEqual(await cache.get('token'), { userId: 7, after: true });
    },
  );

  claim('what is loaded after a clear is kept', ['retains'], async ({ cache }) => {
    const load = (round: number) => () => ({ session: { userId: 7, round }, ttlSeconds: 60 });
    await cache.getOrLoad('token', load(1));
    await cache.clear();
    assert.deepEqual(await cache.getOrLoad('token', load(2)), { userId: 7, round: 2 });
    assert.deepEqual(await cache.getOrLoad('token', load(3)), { userId: 7, round: 2 });
  });

  claim(
    'a clear in one process holds in all, and each can set anew',
    ['other'],
    async ({ cache, other }) => {
      await cache.set('a', { userId: 7, round: 1 }, 60);
      await other.set('b', { userId: 7, round: 1 }, 60);
      for (const each of [cache, other]) {
        await each.get('a');
        await each.get('b');
      }
      await other.clear();
      assert.equal(await cache.get('a'), null);
      assert.equal(await cache.get('b'), null);
      await cache.set('a', { userId: 7, round: 2 }, 60);
      await other.set('b', { userId: 7, round: 2 }, 60);
      for (const each of [cache, other]) {
        assert.deepEqual(await each.get('a'), { userId: 7, round: 2 });
        assert.deepEqual(await each.get('b'), { userId: 7, round: 2 });
      }
      assert.equal(await cache.invalidateByUser(7), 2);
    },
  );
}
