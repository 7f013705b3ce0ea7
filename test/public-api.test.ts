import { expect, expectTypeOf, test } from 'vitest';
import type { DatabaseSessionCache, Session, SessionCache } from '../src/index.ts';
import * as onehost from '../src/index.ts';
import * as testing from '../src/testing/index.ts';

interface AppSession extends Session {
  readonly name: string;
}

test('the public names are these', () => {
  const names = Object.keys(onehost).filter((name) => !name.endsWith('Error'));
  expect(names.toSorted()).toEqual([
    'DatabaseSessionCache',
    'InMemorySessionCache',
    'MAX_TOKEN_LENGTH',
    'MAX_USER_ID_LENGTH',
    'NoOpSessionCache',
    'newSessionToken',
    'openDatabase',
    'sessionIdOf',
    'systemClock',
  ]);
  expect(Object.keys(testing).toSorted()).toEqual(['ManualClock', 'sessionCacheConformance']);
});

test('who holds DatabaseSessionCache itself needs no await', () => {
  type Cache = DatabaseSessionCache<AppSession>;
  expectTypeOf<ReturnType<Cache['get']>>().toEqualTypeOf<AppSession | null>();
  expectTypeOf<ReturnType<Cache['set']>>().toEqualTypeOf<void>();
  expectTypeOf<ReturnType<Cache['invalidate']>>().toEqualTypeOf<boolean>();
  expectTypeOf<ReturnType<Cache['invalidateByUser']>>().toEqualTypeOf<number>();
  expectTypeOf<ReturnType<Cache['getOrLoad']>>().toEqualTypeOf<Promise<AppSession | null>>();
});

test('each cache is a SessionCache of the app’s own session', () => {
  expectTypeOf<DatabaseSessionCache<AppSession>>().toExtend<SessionCache<AppSession>>();
  expectTypeOf<onehost.InMemorySessionCache<AppSession>>().toExtend<SessionCache<AppSession>>();
  expectTypeOf<onehost.NoOpSessionCache<AppSession>>().toExtend<SessionCache<AppSession>>();
  expectTypeOf<SessionCache<AppSession>['set']>().parameter(1).toEqualTypeOf<AppSession>();
});
