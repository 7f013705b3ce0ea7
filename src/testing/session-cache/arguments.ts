import assert from 'node:assert/strict';
import { isOnehostError } from '../../contract/errors/index.ts';
import { MAX_TOKEN_LENGTH, MAX_USER_ID_LENGTH } from '../../contract/session.ts';
import type { Claim, ClaimContext, TestSession } from './harness.ts';

type Cache = ClaimContext['cache'];

const load = () => ({ session: { userId: 7 }, ttlSeconds: 60 });

const takingTokens: Record<string, (cache: Cache, token: string) => unknown> = {
  get: (cache, token) => cache.get(token),
  set: (cache, token) => cache.set(token, { userId: 7 }, 60),
  getOrLoad: (cache, token) => cache.getOrLoad(token, load),
  touch: (cache, token) => cache.touch(token, 60),
  invalidate: (cache, token) => cache.invalidate(token),
  'invalidateByUser exceptToken': (cache, exceptToken) =>
    cache.invalidateByUser(7, { exceptToken }),
};

const badTokens: Record<string, unknown> = {
  empty: '',
  'too long': 'x'.repeat(MAX_TOKEN_LENGTH + 1),
  'a number': 7,
  null: null,
  'an object': { toString: () => 'token' },
};

const takingUsers: Record<string, (cache: Cache, userId: string) => unknown> = {
  set: (cache, userId) => cache.set('token', { userId }, 60),
  invalidateByUser: (cache, userId) => cache.invalidateByUser(userId),
  invalidateById: (cache, userId) => cache.invalidateById(userId, 'id'),
  listByUser: (cache, userId) => cache.listByUser(userId),
};

const badUserIds: Record<string, unknown> = {
  empty: '',
  'too long': 'x'.repeat(MAX_USER_ID_LENGTH + 1),
  NaN: Number.NaN,
  'an unsafe integer': 2 ** 53,
  'a fraction': 1.5,
  'an object': {},
  'a lone surrogate': '\ud800',
};

const badDurations = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '60', undefined];

export function argumentClaims(claim: Claim): void {
  for (const [method, call] of Object.entries(takingTokens)) {
    claim(`${method} refuses what is no token`, [], async ({ cache }) => {
      for (const [name, token] of Object.entries(badTokens)) {
        await assert.rejects(
          async () => call(cache, token as string),
          refusal('ONEHOST_INVALID_TOKEN'),
          name,
        );
      }
      // `undefined` is how exceptToken is left out.
      if (!method.includes('exceptToken')) {
        await assert.rejects(
          async () => call(cache, undefined as never),
          refusal('ONEHOST_INVALID_TOKEN'),
        );
      }
    });
  }

  claim('no message shows a token', [], async ({ cache }) => {
    const secret = 'hunter2-'.repeat(MAX_TOKEN_LENGTH);
    for (const call of Object.values(takingTokens)) {
      await assert.rejects(
        async () => call(cache, secret),
        (error: Error) => !`${error.message}${error.stack}`.includes('hunter2'),
      );
    }
  });

  for (const [method, call] of Object.entries(takingUsers)) {
    claim(`${method} refuses what is no user id`, [], async ({ cache }) => {
      for (const [name, userId] of Object.entries(badUserIds)) {
        const code = 'ONEHOST_INVALID_USER_ID';
        await assert.rejects(async () => call(cache, userId as string), refusal(code), name);
      }
    });
  }

  claim(
    'a lifetime that is not finite and more than 0 is refused, and the value named',
    [],
    async ({ cache }) => {
      for (const seconds of badDurations) {
        for (const call of [
          () => cache.set('token', { userId: 7 }, seconds as number),
          () => cache.touch('token', seconds as number),
        ]) {
          await assert.rejects(
            async () => call(),
            (error: Error) => {
              assert.ok(error instanceof RangeError && isOnehostError(error));
              assert.match(error.message, /ttlSeconds/);
              if (typeof seconds === 'number') assert.ok(error.message.includes(String(seconds)));
              return true;
            },
          );
        }
      }
      assert.equal(await cache.get('token'), null);
    },
  );

  claim(
    'getOrLoad refuses what is no loader, also where nothing is to be loaded',
    [],
    async ({ cache }) => {
      await cache.set('there', { userId: 7 }, 60);
      for (const token of ['there', 'missing']) {
        for (const loader of [undefined, null, { session: { userId: 7 }, ttlSeconds: 60 }]) {
          await assert.rejects(
            async () => cache.getOrLoad(token, loader as never),
            refusal('ONEHOST_INVALID_OPTION'),
          );
        }
      }
    },
  );

  claim('a session without a userId is refused', [], async ({ cache }) => {
    for (const session of [
      {},
      { id: 7 },
      { userId: null },
      { userId: undefined },
      null,
      'Ada',
      [7],
    ]) {
      await assert.rejects(
        async () => cache.set('token', session as unknown as TestSession, 60),
        refusal('ONEHOST_INVALID_SESSION'),
      );
    }
    assert.equal(await cache.get('token'), null);
  });

  claim(
    'a session that is refused leaves the one before as it was',
    ['retains'],
    async ({ cache }) => {
      await cache.set('token', { userId: 7 }, 60);
      await assert.rejects(async () => cache.set('token', { userId: 7, f: () => 1 }, 60));
      await assert.rejects(async () => cache.set('token', { userId: 8 }, 0));
      assert.deepEqual(await cache.get('token'), { userId: 7 });
      assert.equal((await cache.listByUser(7)).length, 1);
    },
  );

  claim(
    'an unknown option is refused, and the one that was meant is named',
    [],
    async ({ cache }) => {
      await assert.rejects(
        async () => cache.invalidateByUser(7, { excepttoken: 'x' } as object),
        (error: Error) => /"exceptToken"/.test(error.message),
      );
    },
  );

  claim('any other string is a token', ['retains'], async ({ cache }) => {
    const tokens = [
      '__proto__',
      'constructor',
      ' ',
      '\u0000',
      '\u0000\u0000',
      "'; drop table sessions; --",
      '%_*?[]{}',
      'é',
      'e\u0301',
      '🗝️',
      '\ud800',
      '\ud801',
      '\udc00\ud800',
      '\ufffd',
      'x'.repeat(MAX_TOKEN_LENGTH),
      'x'.repeat(MAX_TOKEN_LENGTH - 1),
    ];
    for (const [index, token] of tokens.entries()) {
      await cache.set(token, { userId: `user ${index}` }, 60);
    }
    for (const [index, token] of tokens.entries()) {
      assert.deepEqual(await cache.get(token), { userId: `user ${index}` }, `token ${index}`);
    }
    for (const [index, token] of tokens.entries()) {
      assert.equal((await cache.listByUser(`user ${index}`)).length, 1);
      assert.equal(await cache.invalidate(token), true, `token ${index}`);
      assert.equal(await cache.get(token), null);
    }
  });

  claim(
    'any well-formed text is a user id, and keeps apart from any other',
    ['retains'],
    async ({ cache }) => {
      const users = [
        '__proto__',
        '0',
        ' ',
        'a',
        'A',
        'a\u0000',
        'a\u0000b',
        "'",
        '%',
        'é',
        'e\u0301',
        '01',
      ];
      for (const userId of users) await cache.set(`of ${userId}`, { userId }, 60);
      for (const userId of users) {
        assert.deepEqual(
          (await cache.listByUser(userId)).map((each) => each.session),
          [{ userId }],
        );
        assert.equal(await cache.invalidateByUser(userId), 1, JSON.stringify(userId));
      }
    },
  );

  claim('use after close is refused, and closing again is not', [], async ({ cache }) => {
    await cache.close();
    await cache.close();
    await cache[Symbol.asyncDispose]();
    const calls: Record<string, () => unknown> = {
      get: () => cache.get('token'),
      set: () => cache.set('token', { userId: 7 }, 60),
      getOrLoad: () => cache.getOrLoad('token', load),
      touch: () => cache.touch('token', 60),
      invalidate: () => cache.invalidate('token'),
      invalidateByUser: () => cache.invalidateByUser(7),
      invalidateById: () => cache.invalidateById(7, 'id'),
      listByUser: () => cache.listByUser(7),
      clear: () => cache.clear(),
      purgeExpired: () => cache.purgeExpired(),
    };
    for (const [name, call] of Object.entries(calls)) {
      await assert.rejects(async () => call(), refusal('ONEHOST_CACHE_CLOSED'), name);
    }
  });
}

function refusal(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isOnehostError(error), String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}
