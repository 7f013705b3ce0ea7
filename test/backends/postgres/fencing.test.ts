import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type OnehostPostgres,
  openPostgres,
  PostgresLeaseStore,
  PostgresSessionCache,
} from '../../../src/postgres.ts';
import { hashToken } from '../../../src/session-tokens/hash-token.ts';
import { sessionIdOf } from '../../../src/session-tokens/session-id.ts';
import { lacksPostgres, PostgresServer, signal } from '../../support/postgres-server.ts';
import { OpenTransaction, severalWait, someoneWaits } from './open-transaction.ts';

const session = { userId: 7 };
const loaded = { session, ttlSeconds: 60 };
const hash = (text: string) => `\\x${hashToken(text)}`;

describe.skipIf(lacksPostgres)('what was ended does not come back', () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  let postgres: OnehostPostgres;
  let cache: PostgresSessionCache;
  let schemas = 0;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    pool = server.pool({ max: 10, application_name: 'app' });
    postgres = await openPostgres(pool, { schema: `fencing_${++schemas}` });
    cache = new PostgresSessionCache(postgres, { timeoutSeconds: 20 });
    return () => pool.end();
  });

  /** What somebody else does, and has not committed yet. */
  const open = (text: string, values: unknown[]) => OpenTransaction.of(pool, on(text), values);
  const on = (text: string) => text.replaceAll('onehost.', `${postgres.schema}.`);

  const invalidations: [string, string, unknown[]][] = [
    ['a token', 'select onehost.invalidate($1, 5000)', [hash('token')]],
    ['a user', 'select onehost.invalidate_user($1, null, 5000)', [hash('7')]],
  ];

  test.each(invalidations)(
    'a fill waits for an invalidation of %s under way, and is refused once that is committed',
    async (_, text, values) => {
      let valid = true;
      using invalidating = await open('select 1', []);
      const loading = cache.getOrLoad('token', async () => {
        if (!valid) return null;
        await invalidating.go(on(text), values);
        return loaded;
      });
      await someoneWaits(pool);
      valid = false;
      await invalidating.end('commit');
      expect(await loading).toBeNull();
      expect(await cache.get('token')).toBeNull();
    },
  );

  test('of the many that find no fences after a crash, one makes them, and the others do not go through all of them', async () => {
    await pool.query(on('truncate onehost.fences'));
    using first = await open('select onehost.open_fence()', []);
    const second = await pool.connect();
    try {
      await second.query('begin');
      const waiting = second.query(on('select onehost.open_fence()'));
      await someoneWaits(pool);
      await first.end('commit');
      await waiting;
      const { rows } = await second.query(
        "select coalesce(sum(idx_scan), 0)::int as n from pg_stat_xact_user_tables where relname = 'fences'",
      );
      expect(rows[0].n).toBeLessThan(100);
    } finally {
      second.release(true);
    }
    const { rows: kept } = await pool.query(on('select count(*)::int as n from onehost.fences'));
    expect(kept).toEqual([{ n: 8193 }]);
  });

  test('a set does not pass by an invalidation of its user that waits', async () => {
    await cache.set('other', session, 60);
    const fence = (await pool.query(on('select * from onehost.open_fence()'))).rows[0];
    using setting = await open('select onehost.put($1, $2, $3, 60000, $4, $5, $6, 5000)', [
      ...[hash('token'), hash('7'), JSON.stringify(session)],
      ...[fence.incarnation, fence.fence_position, fence.generation],
    ]);
    const invalidating = cache.invalidateByUser(7);
    await someoneWaits(pool);
    const later = cache.set('later', session, 60);
    await severalWait(pool, 2);
    await setting.end('commit');
    expect(await invalidating).toBe(2);
    await later;
    expect(await cache.get('later')).toEqual(session);
  });

  test('a stream of sets for a user, each of which takes its time to commit, keeps no invalidation of that user out', async () => {
    const sets = 30;
    const setting = await openPostgres(server.pool({ max: sets }), { schema: postgres.schema });
    const setters = new PostgresSessionCache(setting, { timeoutSeconds: 20 });
    const invalidating = new PostgresSessionCache(postgres, { timeoutSeconds: 20 });
    // As where a commit waits for its disk, or for a standby.
    await pool.query(
      on(`create function onehost.slow() returns trigger language plpgsql
        as 'begin perform pg_sleep(0.05); return null; end';
        create constraint trigger slow after insert or update on onehost.sessions
        deferrable initially deferred for each row execute function onehost.slow()`),
    );
    let isOver = false;
    const stream = Array.from({ length: sets }, async (_, setter) => {
      for (let count = 0; !isOver; count++) {
        await setters.set(`token ${setter}-${count % 10}`, { userId: 7 }, 60);
      }
    });
    try {
      await wait(500);
      for (let count = 0; count < 5; count++) await invalidating.invalidateByUser(7);
    } finally {
      isOver = true;
      await Promise.all(stream);
    }
  });

  test.each(invalidations)(
    'a fill that waited for an invalidation of %s that was undone is kept',
    async (_, text, values) => {
      using invalidating = await open('select 1', []);
      const loading = cache.getOrLoad('token', async () => {
        await invalidating.go(on(text), values);
        return loaded;
      });
      await someoneWaits(pool);
      await invalidating.end('rollback');
      expect(await loading).toEqual(session);
    },
  );

  test.each([
    ['invalidate', () => cache.invalidate('token')],
    ['invalidateByUser', () => cache.invalidateByUser(7)],
  ])('%s waits for a fill under way, and finds what it kept', async (_, invalidate) => {
    await cache.set('other', session, 60);
    const fence = (await pool.query(`select * from ${postgres.schema}.open_fence()`)).rows[0];
    using filling = await open('select onehost.fill($1, $2, $3, 60000, $4, $5, $6, 5000)', [
      ...[hash('token'), hash('7'), JSON.stringify(session)],
      ...[fence.incarnation, fence.fence_position, fence.generation],
    ]);
    const invalidating = invalidate();
    await someoneWaits(pool);
    await filling.end('commit');
    await invalidating;
    expect(await cache.get('token')).toBeNull();
  });

  test('many loads, invalidations and sets at once leave nothing that was revoked', async () => {
    const other = new PostgresSessionCache(
      await openPostgres(server.pool({ max: 10 }), { schema: postgres.schema }),
      { timeoutSeconds: 20 },
    );
    const patient = new PostgresSessionCache(postgres, { timeoutSeconds: 20 });
    const play = async (number: number) => {
      const token = `token ${number}`;
      const userId = number % 5;
      let valid = true;
      const load = async () => {
        const found = valid ? { session: { userId }, ttlSeconds: 60 } : null;
        for (let turn = number % 7; turn > 0; turn--) await nextTurn();
        return found;
      };
      const loads = [patient, other, patient].map(async (each, index) => {
        for (let turn = (number * index) % 11; turn > 0; turn--) await nextTurn();
        return each.getOrLoad(token, load);
      });
      for (let turn = number % 13; turn > 0; turn--) await nextTurn();
      valid = false;
      if (number % 2 === 0) await other.invalidate(token);
      else await other.invalidateByUser(userId);
      const after = await Promise.all([patient.get(token), other.get(token)]);
      await Promise.all(loads);
      return [...after, await patient.get(token), await other.get(token)];
    };
    for (let round = 0; round < 15; round++) {
      const games = Array.from({ length: 20 }, (_, game) => play(round * 20 + game));
      expect((await Promise.all(games)).flat()).toEqual(new Array(80).fill(null));
    }
  });

  test('a set that a hung server carries out late does not bring back what was ended meanwhile', async () => {
    const hasty = new PostgresSessionCache(
      await openPostgres(server.pool({ max: 3, application_name: 'hung' }), {
        schema: postgres.schema,
      }),
      { timeoutSeconds: 3 },
    );
    await hasty.set('another', session, 60);
    const pids = await server.backendsOf('hung');
    for (const pid of pids) signal(pid, 'SIGSTOP');
    await expect(hasty.set('token', session, 60)).rejects.toThrow(
      expect.objectContaining({ code: 'ONEHOST_CACHE_UNAVAILABLE' }),
    );
    expect(await cache.invalidateByUser(7)).toBe(1);
    for (const pid of pids) signal(pid, 'SIGCONT');
    // It has read what was sent to it by the time that it notices that nobody is there any more.
    while ((await server.backendsOf('hung')).some((pid) => pids.includes(pid))) await wait(10);
    expect(await cache.get('token')).toBeNull();
  });

  test('a set after an invalidation elsewhere takes hold', async () => {
    await cache.set('token', session, 60);
    const { rows } = await pool.query(
      `select removed from ${postgres.schema}.invalidate($1, 5000)`,
      [hash('token')],
    );
    expect(rows).toEqual([{ removed: 1 }]);
    await cache.set('token', session, 60);
    expect(await cache.get('token')).toEqual(session);
  });

  test('a load that began before the server crashed is refused after it', async () => {
    let loads = 0;
    const answer = await cache.getOrLoad('token', async () => {
      if (++loads === 1) {
        await server.kill();
        await server.startAgain();
        // It fills the table of fences anew: to be empty is not all that keeps a fence from holding.
        await cache.set('another', session, 60);
      }
      return { session: { userId: 7, loads }, ttlSeconds: 60 };
    });
    expect(answer).toEqual({ userId: 7, loads: 2 });
  });

  test('an invalidation outlives a crash of the server that does not wait for its disk', async () => {
    const relaxed = server.pool({ options: '-c synchronous_commit=off' });
    const own = new PostgresSessionCache(await openPostgres(relaxed, { schema: postgres.schema }), {
      timeoutSeconds: 20,
    });
    const ends: (() => Promise<unknown>)[] = [
      () => own.invalidate('token'),
      () => own.invalidateByUser(7),
      () => own.invalidateById(7, sessionIdOf('token')),
      () => own.clear(),
      () => own.touch('token', 0.001),
    ];
    for (const end of ends) {
      await cache.set('token', session, 60);
      await end();
      await server.kill();
      await server.startAgain();
      expect(await cache.get('token')).toBeNull();
    }
  });

  test('so does the renewal of a lease, by which others judge when they may take it over', async () => {
    const relaxed = server.pool({ options: '-c synchronous_commit=off' });
    const own = await openPostgres(relaxed, { schema: postgres.schema });
    const leases = new PostgresLeaseStore(own, { timeoutSeconds: 20 });
    // So long that nothing but this renews it.
    const lease = await leases.acquire('lease', { durationSeconds: 600 });
    const renewals = async () =>
      Number((await server.query(on('select renewals from onehost.leases'))).rows[0].renewals);
    for (let renewed = 1; renewed <= 3; renewed++) {
      await lease.renew();
      await server.kill();
      await server.startAgain();
      expect(await renewals()).toBe(renewed);
    }
    await leases.close();
  });

  test('a transaction that is not read committed is refused', async () => {
    using other = await OpenTransaction.of(pool, 'set transaction isolation level repeatable read');
    const refused = other.go(`select ${postgres.schema}.clear(1000)`);
    await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'OH001' }));
  });
});
