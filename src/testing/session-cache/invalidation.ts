import assert from 'node:assert/strict';
import { sessionIdOf } from '../../session-tokens/session-id.ts';
import type { Claim } from './harness.ts';
import { waysIn } from './ways-in.ts';

export function invalidationClaims(claim: Claim): void {
  claim(
    'invalidate drops the session and tells whether there was one',
    ['retains'],
    async ({ cache }) => {
      await cache.set('token', { userId: 7 }, 60);
      await cache.set('another', { userId: 7 }, 60);
      assert.equal(await cache.invalidate('token'), true);
      assert.equal(await cache.get('token'), null);
      assert.equal(await cache.invalidate('token'), false);
      assert.deepEqual(await cache.get('another'), { userId: 7 });
    },
  );

  claim(
    'invalidateByUser drops all sessions of that user and counts them',
    ['retains'],
    async ({ cache }) => {
      await cache.set('a', { userId: 7 }, 60);
      await cache.set('b', { userId: 7 }, 60);
      await cache.set('c', { userId: 8 }, 60);
      assert.equal(await cache.invalidateByUser(7), 2);
      assert.equal(await cache.get('a'), null);
      assert.equal(await cache.get('b'), null);
      assert.deepEqual(await cache.get('c'), { userId: 8 });
      assert.equal(await cache.invalidateByUser(7), 0);
    },
  );

  claim('1 and "1" are the same user', ['retains'], async ({ cache }) => {
    await cache.set('a', { userId: 1 }, 60);
    await cache.set('b', { userId: '1' }, 60);
    assert.equal((await cache.listByUser('1')).length, 2);
    assert.equal(await cache.invalidateByUser(1), 2);
  });

  claim(
    'a session that lives on after a touch goes with the others of its user',
    ['retains'],
    async ({ cache, advance }) => {
      await cache.set('token', { userId: 7 }, 10);
      assert.equal(await cache.touch('token', 100), true);
      await advance(50);
      assert.equal((await cache.listByUser(7)).length, 1);
      assert.equal(await cache.invalidateByUser(7), 1);
      assert.equal(await cache.get('token'), null);
    },
  );

  claim('exceptToken keeps the session at hand', ['retains'], async ({ cache }) => {
    await cache.set('here', { userId: 7 }, 60);
    await cache.set('elsewhere', { userId: 7 }, 60);
    assert.equal(await cache.invalidateByUser(7, { exceptToken: 'here' }), 1);
    assert.deepEqual(await cache.get('here'), { userId: 7 });
    assert.equal(await cache.get('elsewhere'), null);
  });

  claim('exceptToken of another user keeps nothing of this one', ['retains'], async ({ cache }) => {
    await cache.set('a', { userId: 7 }, 60);
    await cache.set('b', { userId: 8 }, 60);
    assert.equal(await cache.invalidateByUser(7, { exceptToken: 'b' }), 1);
    assert.deepEqual(await cache.get('b'), { userId: 8 });
  });

  claim('only live sessions are counted', ['retains'], async ({ cache, advance }) => {
    await cache.set('short', { userId: 7 }, 1);
    await cache.set('long', { userId: 7 }, 60);
    await advance(1);
    assert.equal(await cache.invalidateByUser(7), 1);
  });

  claim(
    'a token that passes to another user leaves the first one',
    ['retains'],
    async ({ cache }) => {
      await cache.set('token', { userId: 7 }, 60);
      await cache.get('token');
      await cache.set('token', { userId: 8 }, 60);
      assert.deepEqual(await cache.listByUser(7), []);
      assert.equal(await cache.invalidateByUser(7), 0);
      assert.deepEqual(await cache.get('token'), { userId: 8 });
      assert.equal(await cache.invalidateByUser(8), 1);
      assert.equal(await cache.get('token'), null);
    },
  );

  claim('clear drops everything', ['retains'], async ({ cache }) => {
    await cache.set('a', { userId: 7 }, 60);
    await cache.set('b', { userId: 8 }, 60);
    await cache.get('a');
    await cache.clear();
    assert.equal(await cache.get('a'), null);
    assert.equal(await cache.get('b'), null);
    assert.deepEqual(await cache.listByUser(7), []);
    await cache.set('a', { userId: 7 }, 60);
    assert.deepEqual(await cache.get('a'), { userId: 7 });
  });

  claim(
    'a device list names each live session by a public id, the last used first',
    ['retains'],
    async ({ cache, advance }) => {
      await cache.set('secret phone', { userId: 7, device: 'phone' }, 60);
      await advance(1);
      await cache.set('secret laptop', { userId: 7, device: 'laptop' }, 1000);
      await cache.set('other user', { userId: 8 }, 60);
      await advance(30);
      await cache.touch('secret phone', 60);
      const list = await cache.listByUser(7);
      assert.deepEqual(
        list.map((each) => each.session['device']),
        ['phone', 'laptop'],
      );
      const phone = list[0];
      assert.equal(phone?.id, sessionIdOf('secret phone'));
      assert.match(phone.id, /^[\w-]{22}$/);
      assert.equal(phone.touchedAt.getTime() - phone.createdAt.getTime(), 31_000);
      assert.equal(phone.expiresAt.getTime() - phone.touchedAt.getTime(), 60_000);
      assert.ok(!JSON.stringify(list).includes('secret'), 'no token in it');
    },
  );

  claim(
    'a set in place of the same user’s session keeps the time of its creation',
    ['retains'],
    async ({ cache, advance }) => {
      await cache.set('token', { userId: 7 }, 60);
      const before = (await cache.listByUser(7))[0];
      await advance(5);
      await cache.set('token', { userId: 7, renamed: true }, 60);
      const after = (await cache.listByUser(7))[0];
      assert.deepEqual(after?.createdAt, before?.createdAt);
      await cache.set('token', { userId: 8 }, 60);
      const passed = (await cache.listByUser(8))[0];
      assert.notDeepEqual(passed?.createdAt, before?.createdAt);
    },
  );

  claim('a session that has expired hands nothing on', ['retains'], async ({ cache, advance }) => {
    await cache.set('token', { userId: 7 }, 10);
    const before = (await cache.listByUser(7))[0];
    await advance(10);
    await cache.set('token', { userId: 7 }, 10);
    assert.equal(
      (await cache.listByUser(7))[0]?.createdAt.getTime(),
      (before?.createdAt.getTime() ?? 0) + 10_000,
    );
  });

  claim('invalidateById ends the session that the id names', ['retains'], async ({ cache }) => {
    await cache.set('phone', { userId: 7 }, 60);
    await cache.set('laptop', { userId: 7 }, 60);
    await cache.get('phone');
    assert.equal(await cache.invalidateById(7, sessionIdOf('phone')), true);
    assert.equal(await cache.get('phone'), null);
    assert.deepEqual(await cache.get('laptop'), { userId: 7 });
    assert.equal(await cache.invalidateById(7, sessionIdOf('phone')), false);
  });

  claim('invalidateById does nothing to another user’s session', ['retains'], async ({ cache }) => {
    await cache.set('phone', { userId: 7 }, 60);
    assert.equal(await cache.invalidateById(8, sessionIdOf('phone')), false);
    assert.equal(await cache.invalidateById(8, ''), false);
    assert.deepEqual(await cache.get('phone'), { userId: 7 });
  });

  const invalidations = {
    invalidate: (cache) => cache.invalidate('token'),
    invalidateByUser: (cache) => cache.invalidateByUser(7),
    'invalidateByUser with another exceptToken': (cache) =>
      cache.invalidateByUser(7, { exceptToken: 'kept' }),
    invalidateById: (cache) => cache.invalidateById(7, sessionIdOf('token')),
    clear: (cache) => cache.clear(),
  } satisfies Record<string, (cache: Parameters<Parameters<Claim>[2]>[0]['cache']) => unknown>;

  for (const [name, invalidate] of Object.entries(invalidations)) {
    claim(
      `after ${name} in one process no other gives the session`,
      ['other'],
      async ({ cache, other }) => {
        for (const [way, keep] of waysIn) {
          await keep(cache, 'token', { userId: 7, way }, 60);
          for (const reader of [cache, other, cache, other]) {
            assert.deepEqual(await reader.get('token'), { userId: 7, way });
          }
          await invalidate(cache);
          assert.equal(await other.get('token'), null);
          assert.equal(await other.getOrLoad('token', () => null), null);
          assert.equal(await other.touch('token', 60), false);
          assert.deepEqual(await other.listByUser(7), []);
          assert.equal(await cache.get('token'), null);
        }
      },
    );
  }

  claim(
    'a session that was invalidated is not given in another process after staleSeconds',
    ['bounded'],
    async ({ cache, openCache, advance }) => {
      const other = await openCache();
      for (const [name, invalidate] of Object.entries(invalidations)) {
        await cache.set('token', { userId: 7, name }, 600);
        // A set, too, may be seen elsewhere only later.
        await advance(cache.capabilities.staleSeconds);
        for (const reader of [cache, other, cache, other]) {
          assert.deepEqual(await reader.get('token'), { userId: 7, name });
        }
        await invalidate(cache);
        assert.equal(await cache.get('token'), null, name);
        await advance(cache.capabilities.staleSeconds);
        assert.equal(await other.get('token'), null, name);
        assert.equal(await other.getOrLoad('token', () => null), null, name);
      }
    },
  );

  claim(
    'a touch at the same time as an invalidation does not bring the session back',
    ['other'],
    async ({ cache, other }) => {
      for (let round = 0; round < 20; round++) {
        await cache.set('token', { userId: 7, round }, 60);
        for (const each of [cache, other]) await each.get('token');
        // By turns, since where both are done at once they are done in this order.
        const touch = async () => cache.touch('token', 100 + round);
        const invalidate = async () => other.invalidate('token');
        const calls = round % 2 === 0 ? [touch, invalidate] : [invalidate, touch];
        await Promise.all(calls.map((call) => call()));
        for (const each of [cache, other]) assert.equal(await each.get('token'), null);
        assert.deepEqual(await cache.listByUser(7), []);
      }
    },
  );

  claim(
    'a session set in place of another is seen by every process',
    ['other'],
    async ({ cache, other }) => {
      await cache.set('token', { userId: 7, step: 1 }, 60);
      await other.get('token');
      await cache.set('token', { userId: 7, step: 2 }, 60);
      assert.deepEqual(await other.get('token'), { userId: 7, step: 2 });
      await other.set('token', { userId: 9, step: 3 }, 60);
      assert.deepEqual(await cache.get('token'), { userId: 9, step: 3 });
      assert.equal(await cache.invalidateByUser(9), 1);
      assert.equal(await other.get('token'), null);
    },
  );

  claim(
    'a session set after an invalidation is given again',
    ['other'],
    async ({ cache, other }) => {
      await cache.set('token', { userId: 7, step: 1 }, 60);
      await other.get('token');
      await cache.invalidate('token');
      await cache.set('token', { userId: 7, step: 2 }, 60);
      assert.deepEqual(await other.get('token'), { userId: 7, step: 2 });
    },
  );
}
