import { inspect, isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DatabaseSessionCache,
  InMemorySessionCache,
  isOnehostError,
  NoOpSessionCache,
  type OnehostDatabase,
  openDatabase,
  type SessionCache,
} from '../../src/index.ts';
import type { TestSession } from '../../src/testing/index.ts';
import { withConnection } from '../support/sqlite-file.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { hostileText, hostileValue } from './hostile-values.ts';
import { leaks, secret } from './secrets.ts';

let folder: TemporaryFolder;
let database: OnehostDatabase;

beforeAll(async () => {
  folder = new TemporaryFolder();
  database = await openDatabase(folder.file('a.db'));
});

afterAll(() => {
  // No statement was smuggled in.
  withConnection(database.file, (connection) => {
    expect(connection.pragma('integrity_check', { simple: true })).toBe('ok');
  });
  database.close();
  folder[Symbol.dispose]();
});

const caches: Record<string, () => SessionCache<TestSession>> = {
  InMemorySessionCache: () => new InMemorySessionCache(),
  NoOpSessionCache: () => new NoOpSessionCache(),
  DatabaseSessionCache: () =>
    new DatabaseSessionCache(database, { revocationDurability: 'process-crash' }),
};

/** What came of a call: a value, or an error of ours; anything else fails the test. */
async function outcomeOf(call: () => unknown): Promise<{ value: unknown } | { error: Error }> {
  try {
    return { value: await call() };
  } catch (error) {
    if (!isOnehostError(error)) throw error;
    return { error };
  }
}

/** What was thrown, by us or by what was given to us; `undefined` if nothing was. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** What anybody could see of the prototypes that everything has. */
function prototypes(): string {
  return inspect(
    [Object.prototype, Array.prototype, Function.prototype, Map.prototype].map((each) =>
      Reflect.ownKeys(each),
    ),
    { maxArrayLength: null },
  );
}

describe.each(Object.entries(caches))('%s', (_, create) => {
  test('keeps a session of 10 MB, and one that is long or deep, or says what it does not keep', async () => {
    const cache = create();
    for (const value of [
      'x'.repeat(10_000_000),
      '💥'.repeat(2_000_000),
      Array.from({ length: 100_000 }, (_, index) => ({ index })),
      new Uint8Array(1_000_000).fill(7),
      Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key ${index}`, index])),
    ]) {
      const session = { userId: 7, value };
      await cache.set('large', session, 60);
      const kept = await cache.get('large');
      if (cache.capabilities.retains) expect(isDeepStrictEqual(kept, session)).toBe(true);
      expect(await cache.invalidate('large')).toBe(cache.capabilities.retains);
    }
  });

  test('answers any token and user with a value or an error of ours, and keeps each apart from every other', async () => {
    const before = prototypes();
    const cache = create();
    const kept = cache.capabilities.retains;
    await fc.assert(
      fc.asyncProperty(hostileText, hostileText, async (token, user) => {
        const stored = await outcomeOf(() => cache.set(token, { userId: user, mine: token }, 60));
        const got = await outcomeOf(() => cache.get(token));
        if ('value' in stored && kept) {
          expect(got).toEqual({ value: { userId: user, mine: token } });
          const listed = await cache.listByUser(user);
          expect(listed.map(({ session }) => session)).toEqual([{ userId: user, mine: token }]);
          expect(await cache.get(`${token}'`.slice(0, 4096))).toSatisfy(
            (other) => other === null || token.length === 4096,
          );
        }
        for (const call of [
          () => cache.touch(token, 60),
          () => cache.invalidateByUser(user, { exceptToken: token }),
          () => cache.invalidateById(user, token),
          () => cache.getOrLoad(token, () => ({ session: { userId: user }, ttlSeconds: 1 })),
          () => cache.invalidate(token),
          () => cache.invalidateByUser(user),
        ]) {
          await outcomeOf(call);
        }
        const after = await outcomeOf(() => cache.get(token));
        if ('value' in after) expect(after.value).toBe(null);
      }),
      { numRuns: 300 },
    );
    expect(prototypes()).toBe(before);
  });

  test('keeps any session as it is, or refuses it with an error of ours, and changes nothing of it', async () => {
    const before = prototypes();
    const cache = create();
    await fc.assert(
      fc.asyncProperty(hostileValue, async (make) => {
        const stored = await outcomeOf(() => cache.set('token', { userId: 7, value: make() }, 60));
        if ('error' in stored) {
          expect(['ONEHOST_UNSTORABLE_VALUE', 'ONEHOST_INVALID_SESSION']).toContain(
            (stored.error as Error & { code: string }).code,
          );
        } else if (cache.capabilities.retains) {
          const kept = await cache.get('token');
          expect(isDeepStrictEqual(kept, { userId: 7, value: make() }), inspect(kept)).toBe(true);
        }
        const asSession = await outcomeOf(() => cache.set('token', make() as never, 60));
        expect(asSession).toBeDefined();
        await cache.invalidate('token');
      }),
      { numRuns: 300 },
    );
    expect(prototypes()).toBe(before);
  });

  test('says no piece of a token in an error, whatever is wrong with what comes with it', async () => {
    const cache = create();
    await fc.assert(
      fc.asyncProperty(secret, hostileValue, async (token, make) => {
        const wrong = make() as never;
        for (const call of [
          () => cache.set(token, wrong, 60),
          () => cache.set(token, { userId: 7, [token]: () => {} } as never, 60),
          () => cache.set(token, { userId: 7, deep: { [token]: Symbol(token) } } as never, 60),
          () => cache.set(token, { userId: 7 }, wrong),
          () => cache.touch(token, wrong),
          () => cache.getOrLoad(token, () => wrong),
          () => cache.getOrLoad(token, (given) => ({ session: given as never, ttlSeconds: 1 })),
          () => cache.getOrLoad(token, () => ({ session: { userId: 7 }, ttlSeconds: wrong })),
          () => cache.invalidateByUser(wrong, { exceptToken: token }),
          () => cache.invalidateByUser(7, { [token]: token } as never),
          () => cache.invalidateById(wrong, token),
          () => cache.get([token] as never),
          () => cache.get({ token } as never),
          () => cache.get(token.repeat(200)),
          () => cache.invalidate(Buffer.from(token) as never),
        ]) {
          expect(leaks(await thrownBy(call), token), String(call)).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
