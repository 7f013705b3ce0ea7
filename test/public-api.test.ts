import type { Transaction } from 'kysely';
import type { Pool } from 'pg';
import type { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { expect, expectTypeOf, test } from 'vitest';
import type {
  DatabaseJobLedger,
  DatabaseLease,
  DatabaseLeaseStore,
  DatabaseSessionCache,
  JobLedger,
  LeaseStore,
  Session,
  SessionCache,
  SessionSummary,
  TransactionConnection,
} from '../src/index.ts';
import * as onehost from '../src/index.ts';
import * as postgres from '../src/postgres.ts';
import type { RedisJobLedger, RedisLeaseStore, RedisSessionCache } from '../src/redis.ts';
import * as redis from '../src/redis.ts';
import * as sharedMemory from '../src/shared-memory.ts';
import * as testing from '../src/testing/index.ts';

interface AppSession extends Session {
  readonly name: string;
}

interface AppTables {
  readonly report: { readonly day: string };
}

test('the public names are these', () => {
  const names = Object.keys(onehost).filter((name) => !name.endsWith('Error'));
  expect(names.toSorted()).toEqual([
    'DatabaseJobLedger',
    'DatabaseLeaseStore',
    'DatabaseSessionCache',
    'InMemorySessionCache',
    'MAX_NAME_LENGTH',
    'MAX_TOKEN_LENGTH',
    'MAX_USER_ID_LENGTH',
    'NoOpSessionCache',
    'Scheduler',
    'checkDeployment',
    'claimSingleInstance',
    'createSessionCache',
    'newSessionToken',
    'openDatabase',
    'purgeSessionsJob',
    'sessionIdOf',
    'systemClock',
  ]);
  expect(Object.keys(redis).toSorted()).toEqual([
    'RedisJobLedger',
    'RedisLeaseStore',
    'RedisSessionCache',
  ]);
  expect(Object.keys(postgres).toSorted()).toEqual([
    'OnehostPostgres',
    'PostgresJobLedger',
    'PostgresLeaseStore',
    'PostgresSessionCache',
    'openPostgres',
  ]);
  expect(Object.keys(sharedMemory).toSorted()).toEqual([
    'SharedMemorySessionCache',
    'openSharedMemory',
  ]);
  expect(Object.keys(testing).toSorted()).toEqual([
    'ManualClock',
    'jobLedgerConformance',
    'leaseStoreConformance',
    'sessionCacheConformance',
  ]);
});

test('who holds DatabaseSessionCache itself needs no await', () => {
  type Cache = DatabaseSessionCache<AppSession>;
  expectTypeOf<ReturnType<Cache['get']>>().toEqualTypeOf<AppSession | null>();
  expectTypeOf<ReturnType<Cache['set']>>().toEqualTypeOf<void>();
  expectTypeOf<ReturnType<Cache['invalidate']>>().toEqualTypeOf<boolean>();
  expectTypeOf<ReturnType<Cache['invalidateByUser']>>().toEqualTypeOf<number>();
  expectTypeOf<ReturnType<Cache['getOrLoad']>>().toEqualTypeOf<Promise<AppSession | null>>();
});

test('who holds SharedMemorySessionCache itself needs no await', () => {
  type Cache = sharedMemory.SharedMemorySessionCache<AppSession>;
  expectTypeOf<ReturnType<Cache['get']>>().toEqualTypeOf<AppSession | null>();
  expectTypeOf<ReturnType<Cache['set']>>().toEqualTypeOf<void>();
  expectTypeOf<ReturnType<Cache['invalidate']>>().toEqualTypeOf<boolean>();
  expectTypeOf<ReturnType<Cache['listByUser']>>().toEqualTypeOf<SessionSummary<AppSession>[]>();
  expectTypeOf<Cache>().toExtend<SessionCache<AppSession>>();
});

test('each cache is a SessionCache of the app’s own session', () => {
  expectTypeOf<DatabaseSessionCache<AppSession>>().toExtend<SessionCache<AppSession>>();
  expectTypeOf<onehost.InMemorySessionCache<AppSession>>().toExtend<SessionCache<AppSession>>();
  expectTypeOf<onehost.NoOpSessionCache<AppSession>>().toExtend<SessionCache<AppSession>>();
  expectTypeOf<postgres.PostgresSessionCache<AppSession>>().toExtend<SessionCache<AppSession>>();
  expectTypeOf<SessionCache<AppSession>['set']>().parameter(1).toEqualTypeOf<AppSession>();
});

test('who holds DatabaseLeaseStore itself needs no await, but to wait for a lease', () => {
  expectTypeOf<
    ReturnType<DatabaseLeaseStore['tryAcquire']>
  >().toEqualTypeOf<DatabaseLease | null>();
  expectTypeOf<ReturnType<DatabaseLeaseStore['acquire']>>().toEqualTypeOf<Promise<DatabaseLease>>();
  expectTypeOf<ReturnType<DatabaseLease['release']>>().toEqualTypeOf<boolean>();
  expectTypeOf<ReturnType<DatabaseLease['isHeld']>>().toEqualTypeOf<boolean>();
});

test('what is in the file is a LeaseStore and a JobLedger of its connection', () => {
  expectTypeOf<DatabaseLeaseStore>().toExtend<LeaseStore<TransactionConnection>>();
  expectTypeOf<DatabaseJobLedger>().toExtend<JobLedger<TransactionConnection>>();
});

test('what is in Redis keeps the same contracts, and takes every kind of client', () => {
  expectTypeOf<RedisSessionCache<AppSession>>().toExtend<SessionCache<AppSession>>();
  expectTypeOf<RedisLeaseStore>().toExtend<LeaseStore<never>>();
  expectTypeOf<RedisJobLedger>().toExtend<JobLedger<never>>();
  type Taken = ConstructorParameters<typeof RedisSessionCache>[0];
  expectTypeOf<ReturnType<typeof createClient>>().toExtend<Taken>();
  expectTypeOf<ReturnType<typeof createClientPool>>().toExtend<Taken>();
  expectTypeOf<ReturnType<typeof createSentinel>>().toExtend<Taken>();
  expectTypeOf<ReturnType<typeof createCluster>>().toExtend<Taken>();
});

test('what is in PostgreSQL hands out a transaction of Kysely on the tables of the app', () => {
  type Leases = postgres.PostgresLeaseStore<AppTables>;
  expectTypeOf<Leases>().toExtend<LeaseStore<Transaction<AppTables>>>();
  expectTypeOf<postgres.PostgresJobLedger<AppTables>>().toExtend<
    JobLedger<Transaction<AppTables>>
  >();
  const schedulerOf = (leases: Leases, ledger: postgres.PostgresJobLedger<AppTables>) =>
    new onehost.Scheduler({ leases, ledger });
  expectTypeOf(schedulerOf).returns.toEqualTypeOf<onehost.Scheduler<Transaction<AppTables>>>();
});

test('a pool of pg fits as it is', () => {
  expectTypeOf<Pool>().toExtend<postgres.PostgresPool>();
});
