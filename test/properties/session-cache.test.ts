import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DatabaseSessionCache,
  InMemorySessionCache,
  NoOpSessionCache,
  openDatabase,
  type SessionCache,
  sessionIdOf,
} from '../../src/index.ts';
import { ManualClock, type TestSession } from '../../src/testing/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Model } from './model.ts';

const token = fc.constantFrom('a', 'b', 'c', '__proto__');
const userId = fc.constantFrom<string | number>(1, '1', 2, 'three');
const ttlSeconds = fc.integer({ min: 1, max: 20 });
const via = fc.nat(1);

const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('get'), via, token }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('set'), via, token, userId, ttlSeconds }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('touch'), via, token, ttlSeconds }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('load'), via, token, userId, ttlSeconds }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('invalidate'), via, token }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('invalidateById'), via, token, userId }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('invalidateByUser'),
      via,
      userId,
      exceptToken: fc.option(token, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('list'), via, userId }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('clear'), via }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('purge'), via }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('wait'), seconds: fc.integer({ min: 1, max: 15 }) }),
  },
);
type AnyOperation = Partial<{
  via: number;
  token: string;
  userId: string | number;
  ttlSeconds: number;
  exceptToken: string | undefined;
  seconds: number;
}> & { does: string };

/** The caches under test: two on one store where the reach allows it, else the same one twice. */
interface Subject extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly caches: readonly [SessionCache<TestSession>, SessionCache<TestSession>];
}

async function agreesWithModel(subject: Subject, operations: readonly AnyOperation[]) {
  const model = new Model();
  model.now = subject.clock.now();
  let count = 0;
  for (const each of operations) {
    const cache = subject.caches[each.via ?? 0] as SessionCache<TestSession>;
    const { token = '', userId = 0, ttlSeconds = 0 } = each;
    const session = { userId, count: ++count };
    switch (each.does) {
      case 'get':
        expect(await cache.get(token)).toEqual(model.get(token));
        break;
      case 'set':
        await cache.set(token, session, ttlSeconds);
        model.set(token, session, ttlSeconds);
        break;
      case 'touch':
        expect(await cache.touch(token, ttlSeconds)).toBe(model.touch(token, ttlSeconds));
        break;
      case 'load': {
        const loaded = await cache.getOrLoad(token, () => ({ session, ttlSeconds }));
        if (model.get(token) === null) model.set(token, session, ttlSeconds);
        expect(loaded).toEqual(model.get(token));
        break;
      }
      case 'invalidate':
        expect(await cache.invalidate(token)).toBe(model.invalidate(token));
        break;
      case 'invalidateById': {
        const session = model.get(token) as { userId: string | number } | null;
        const isTheirs = session !== null && String(session.userId) === String(userId);
        expect(await cache.invalidateById(userId, sessionIdOf(token))).toBe(isTheirs);
        if (isTheirs) model.invalidate(token);
        break;
      }
      case 'invalidateByUser': {
        const { exceptToken } = each;
        const options = exceptToken === undefined ? {} : { exceptToken };
        const removed = await cache.invalidateByUser(userId, options);
        expect(removed).toBe(model.invalidateByUser(userId, exceptToken));
        break;
      }
      case 'list': {
        const list = await cache.listByUser(userId);
        const found = list.map(({ session, createdAt, expiresAt }) => ({
          session,
          createdAt: createdAt.getTime(),
          expiresAt: expiresAt.getTime(),
        }));
        const order = (a: object, b: object) => JSON.stringify(a).localeCompare(JSON.stringify(b));
        // What was touched in the same millisecond may come in any order.
        expect(found.sort(order)).toEqual(model.listByUser(userId).sort(order));
        break;
      }
      case 'clear':
        await cache.clear();
        model.clear();
        break;
      case 'purge':
        expect((await cache.purgeExpired()).complete).toBe(true);
        break;
      default:
        subject.clock.advance(each.seconds ?? 0);
        model.now = subject.clock.now();
    }
  }
}

const subjects: Record<string, () => Promise<Subject>> = {
  InMemorySessionCache: async () => {
    const clock = new ManualClock();
    const cache = new InMemorySessionCache<TestSession>({ clock });
    return { clock, caches: [cache, cache], [Symbol.asyncDispose]: async () => {} };
  },
  'DatabaseSessionCache, two connections': async () => {
    const folder = TemporaryFolder.inMemory();
    const clock = new ManualClock();
    const databases = [
      await openDatabase(folder.file('a.db'), { clock }),
      await openDatabase(folder.file('a.db'), { clock }),
    ] as const;
    const options = {
      touchWriteShare: 0,
      revocationDurability: 'process-crash',
      nearCacheEntries: 2,
    } as const;
    return {
      clock,
      caches: [
        new DatabaseSessionCache<TestSession>(databases[0], options),
        new DatabaseSessionCache<TestSession>(databases[1], options),
      ],
      [Symbol.asyncDispose]: async () => {
        for (const database of databases) database.close();
        folder[Symbol.dispose]();
      },
    };
  },
};

describe('whatever is done in whatever order', () => {
  test.each(Object.entries(subjects))('%s answers as a plain Map would', async (_, create) => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
        await using subject = await create();
        await agreesWithModel(subject, operations);
      }),
      { numRuns: 200 },
    );
  });

  test('NoOpSessionCache answers as an empty Map would', async () => {
    const cache = new NoOpSessionCache<TestSession>();
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        for (const {
          does,
          token = '',
          userId = 0,
          ttlSeconds = 0,
        } of operations as AnyOperation[]) {
          if (does === 'set') cache.set(token, { userId }, ttlSeconds);
          if (does === 'touch') expect(cache.touch(token, ttlSeconds)).toBe(false);
          if (does === 'invalidateByUser') expect(cache.invalidateByUser(userId)).toBe(0);
          if (does === 'list') expect(cache.listByUser(userId)).toEqual([]);
          if (token !== '') expect(cache.get(token)).toBeNull();
        }
      }),
    );
  });
});
