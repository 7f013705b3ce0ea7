import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgres, type PostgresPool, PostgresSessionCache } from '../../../src/postgres.ts';
import { eventually } from '../../support/eventually.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';

const session = { userId: 7 };

describe.skipIf(lacksPostgres)('a standby of PostgreSQL', () => {
  let primary: PostgresServer;
  let standby: PostgresServer;

  beforeAll(async () => {
    primary = await PostgresServer.start();
    await openPostgres(primary.pool());
    standby = await primary.startStandby();
  });

  afterAll(async () => {
    await standby?.[Symbol.asyncDispose]();
    await primary?.[Symbol.asyncDispose]();
  });

  test('is refused, gives nobody a session, and after its promotion refuses what was loaded before', async () => {
    await expect(openPostgres(standby.pool())).rejects.toThrow(
      expect.objectContaining({ code: 'ONEHOST_SERVER_UNSUITABLE' }),
    );

    // An address behind which the server changes, as it does in a failover.
    const [first, second] = [primary.pool(), standby.pool()];
    let current: pg.Pool = first;
    const moving: PostgresPool = { connect: () => current.connect() };
    const cache = new PostgresSessionCache(await openPostgres(moving), { timeoutSeconds: 20 });
    await cache.set('token', session, 60);
    await eventually(async () => {
      expect((await second.query('select 1 from onehost.sessions')).rows).toHaveLength(1);
    });

    current = second;
    expect(await cache.get('token')).toBeNull();
    expect(await cache.listByUser(7)).toEqual([]);
    await expect(cache.invalidate('token')).rejects.toThrow(/standby/);

    current = first;
    expect(await cache.get('token')).toEqual(session);
    let loads = 0;
    const loaded = await cache.getOrLoad('another', async () => {
      if (++loads === 1) {
        await primary.kill();
        await second.query('select pg_promote()');
        current = second;
        // Whatever keeps fences is filled anew there.
        await cache.set('third', session, 60);
      }
      return { session: { userId: 7, loads }, ttlSeconds: 60 };
    });
    expect(loaded).toEqual({ userId: 7, loads: 2 });
    expect(await cache.get('token')).toEqual(session);
    expect(await cache.invalidateByUser(7)).toBe(3);
  });
});
