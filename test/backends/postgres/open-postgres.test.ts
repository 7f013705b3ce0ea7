import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openPostgres, PostgresLeaseStore, PostgresSessionCache } from '../../../src/postgres.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';
import { someoneWaits } from './open-transaction.ts';

const withCode = (code: string) => expect.objectContaining({ code: `ONEHOST_${code}` });

describe('openPostgres refuses, before it connects,', () => {
  const pool = { connect: () => expect.fail('connected') };

  test.each<[string, unknown, RegExp]>([
    ['what is no pool', {}, /must be a Pool of pg/],
    ['a promise of one', Promise.resolve(pool), /await it/],
    ['nothing', undefined, /must be a Pool of pg/],
    [
      'a pool of two connections',
      { ...pool, options: { max: 2 } },
      /at least 3 connections.*listen: false/,
    ],
    [
      'a pool that waits without end',
      { ...pool, options: { max: 5, connectionTimeoutMillis: 0 } },
      /connectionTimeoutMillis/,
    ],
  ])('%s', async (_, given, message) => {
    const refused = openPostgres(given as never);
    await expect(refused).rejects.toThrow(withCode('INVALID_OPTION'));
    await expect(refused).rejects.toThrow(message);
  });

  test.each(['', 'Onehost', 'a"b', 'a-b', '1a', 'x'.repeat(41), 7 as never, null as never])(
    'the schema %j',
    async (schema) => {
      await expect(openPostgres(pool, { schema })).rejects.toThrow(withCode('INVALID_OPTION'));
    },
  );

  test('an option that it does not know, and names the one that was meant', async () => {
    await expect(openPostgres(pool, { Schema: 'a' } as never)).rejects.toThrow(/"schema"/);
  });
});

describe.skipIf(lacksPostgres)('openPostgres on a real server', () => {
  let server: PostgresServer;
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await PostgresServer.start();
    pool = server.pool();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  test('by sixteen at once on an empty database makes one schema', async () => {
    const pools = Array.from({ length: 16 }, () => server.pool({ max: 3 }));
    const opened = await Promise.all(
      pools.map((each) => openPostgres(each, { schema: 'together' })),
    );
    const caches = opened.map(
      (postgres) => new PostgresSessionCache(postgres, { timeoutSeconds: 20 }),
    );
    await caches[0]?.set('token', { userId: 7 }, 60);
    const found = await Promise.all(caches.map((cache) => cache.get('token')));
    expect(found).toEqual(new Array(16).fill({ userId: 7 }));
    const { rows } = await pool.query('select name from together.migrations order by name');
    expect(rows.map(({ name }) => name)).toEqual(['0001_sessions', '0002_leases', '0003_jobs']);
    await Promise.all(pools.map((each) => each.end()));
  });

  test('takes the pool in an object too, and leaves it to whom it belongs', async () => {
    const postgres = await openPostgres({ pool });
    await postgres.close();
    await postgres.close();
    expect(pool.ended).toBe(false);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('keeps schemas in one database apart', async () => {
    const a = new PostgresSessionCache(await openPostgres(pool, { schema: 'a' }));
    const b = new PostgresSessionCache(await openPostgres(pool, { schema: 'b' }));
    await a.set('token', { userId: 7 }, 60);
    await b.set('token', { userId: 8 }, 60);
    expect(await a.get('token')).toEqual({ userId: 7 });
    expect(await b.get('token')).toEqual({ userId: 8 });
    await a.clear();
    expect(await b.get('token')).toEqual({ userId: 8 });
  });

  test('refuses a schema that a newer version has migrated, and leaves it as it is', async () => {
    await openPostgres(pool, { schema: 'newer' });
    await pool.query("insert into newer.migrations values ('9999_later', now()::text)");
    const tables = () =>
      pool.query("select count(*) from information_schema.tables where table_schema = 'newer'");
    const before = (await tables()).rows;
    const refused = openPostgres(pool, { schema: 'newer' });
    await expect(refused).rejects.toThrow(withCode('SCHEMA_TOO_NEW'));
    await expect(refused).rejects.toThrow(/9999_later/);
    expect((await tables()).rows).toEqual(before);
  });

  test('undoes a migration that fails, as a whole', async () => {
    await pool.query('create schema taken; create table taken.leases (mine integer)');
    await expect(openPostgres(pool, { schema: 'taken' })).rejects.toThrow(
      withCode('MIGRATION_FAILED'),
    );
    const { rows } = await pool.query(
      "select table_name from information_schema.tables where table_schema = 'taken'",
    );
    expect(rows).toEqual([{ table_name: 'leases' }]);
  });

  test('needs no more than the use of it where the schema is there already', async () => {
    await openPostgres(pool, { schema: 'granted' });
    await pool.query(`
      create role app login;
      revoke create on database postgres from public;
      grant usage on schema granted to app;
      grant select, insert, update, delete on all tables in schema granted to app;
      grant usage, select on all sequences in schema granted to app`);
    const postgres = await openPostgres(server.pool({ user: 'app' }), { schema: 'granted' });
    const cache = new PostgresSessionCache(postgres);
    await cache.set('token', { userId: 7 }, 60);
    expect(await cache.invalidateByUser(7)).toBe(1);
    await using lease = await new PostgresLeaseStore(postgres).acquire('lease');
    expect(lease.isHeld()).toBe(true);
    // And says what is lacking where it is not.
    await pool.query('revoke delete on granted.sessions from app');
    await expect(cache.invalidate('token')).rejects.toThrow(withCode('SERVER_UNSUITABLE'));
    await expect(cache.invalidate('token')).rejects.toThrow(/Grant the role/);
  });

  test.each([
    ['no statement_timeout', { statement_timeout: 0 }, /statement_timeout is 0/],
    [
      'another isolation level',
      { options: '-c default_transaction_isolation=serializable' },
      /is "serializable"/,
    ],
  ])('refuses connections with %s', async (_, options, message) => {
    const refused = openPostgres(server.pool(options), { schema: 'unsuitable' });
    await expect(refused).rejects.toThrow(withCode('SERVER_UNSUITABLE'));
    await expect(refused).rejects.toThrow(message);
    const { rows } = await pool.query("select to_regnamespace('unsuitable') as found");
    expect(rows).toEqual([{ found: null }]);
  });

  test('says so when there is no server', async () => {
    const nobody = server.pool({ port: 1 });
    await expect(openPostgres(nobody)).rejects.toThrow(withCode('CACHE_UNAVAILABLE'));
  });

  test('succeeds while the tables of others come and go in the same database', async () => {
    const [churning, opening] = [server.pool({ max: 1 }), server.pool()];
    await churning.query('create schema others');
    let isOver = false;
    const churn = (async () => {
      for (let count = 0; !isOver; count++) {
        await churning.query(`create table others.t${count} (a serial, b int, c text)`);
        await churning.query(`drop table others.t${count}`);
      }
    })();
    try {
      for (let count = 0; count < 20; count++) {
        await openPostgres(opening, { schema: `beside_${count}` });
      }
    } finally {
      isOver = true;
      await churn;
    }
  });

  test('waits for another migration for longer than a statement of the app may take', async () => {
    const other = await pool.connect();
    await other.query('begin');
    await other.query(
      "select pg_advisory_xact_lock(hashtextextended('onehost migrations of patient', 0))",
    );
    const hasty = server.pool({ max: 3, statement_timeout: 1000, lock_timeout: 1000 });
    let isOpen = false;
    const opening = openPostgres(hasty, { schema: 'patient' }).then(() => {
      isOpen = true;
    });
    await someoneWaits(pool);
    await wait(1500);
    expect(isOpen).toBe(false);
    await other.query('commit');
    other.release();
    await opening;
    expect(isOpen).toBe(true);
    // What the app has set for its own statements is as it was.
    const { rows } = await hasty.query('show statement_timeout');
    expect(rows).toEqual([{ statement_timeout: '1s' }]);
  });

  test('does not wait for the app’s own migrations by Kysely', async () => {
    const other = await pool.connect();
    await other.query('begin');
    // Of Kysely's Migrator, whatever the schema.
    await other.query('select pg_advisory_xact_lock(3853314791062309107)');
    try {
      await openPostgres(server.pool(), { schema: 'unlocked' });
    } finally {
      await other.query('commit');
      other.release();
    }
  });

  test.each([
    [{ database: 'nope' }, /3D000: database "nope" does not exist/],
    [{ user: 'stranger' }, /28000: role "stranger" does not exist/],
  ])('says so when the server refuses the connection: %j', async (to, message) => {
    const refused = openPostgres(server.pool(to));
    await expect(refused).rejects.toThrow(withCode('CACHE_UNAVAILABLE'));
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/Nothing was written\. Look at the user, the password/);
  });

  test('prepares nothing where it is told not to', async () => {
    const own = server.pool({ max: 3 });
    const cache = new PostgresSessionCache(
      await openPostgres(own, { prepareStatements: false, listen: false }),
    );
    await cache.set('token', { userId: 7 }, 60);
    expect(await cache.get('token')).toEqual({ userId: 7 });
    const prepared = async (on: pg.Pool) => {
      const clients = await Promise.all([on.connect(), on.connect()]);
      const counts = clients.map((client) =>
        client.query(
          "select count(*)::int as n from pg_prepared_statements where name like 'onehost %'",
        ),
      );
      const results = await Promise.all(counts);
      for (const client of clients) client.release();
      return results.reduce((sum, { rows }) => sum + rows[0].n, 0);
    };
    expect(await prepared(own)).toBe(0);
    const preparing = server.pool({ max: 3 });
    await new PostgresSessionCache(await openPostgres(preparing)).get('token');
    expect(await prepared(preparing)).toBe(1);
  });

  test('reads hashes whatever the connection is told to show bytes as', async () => {
    const told = server.pool({ options: '-c bytea_output=escape' });
    const postgres = await openPostgres(told);
    const cache = new PostgresSessionCache<{ userId: string; isMeant: boolean }>(postgres);
    await cache.set('one', { userId: 'bytes', isMeant: false }, 60);
    await cache.set('other', { userId: 'bytes', isMeant: true }, 60);
    const listed = await cache.listByUser('bytes');
    const meant = listed.find(({ session }) => session.isMeant);
    expect(await cache.invalidateById('bytes', meant?.id ?? '')).toBe(true);
    expect(await cache.get('other')).toBeNull();
    expect(await cache.get('one')).not.toBeNull();
  });

  test('prepares under names that are not too long, whatever the schema is called', async () => {
    const warned = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => warned.mockRestore());
    const schema = 'x'.repeat(40);
    const cache = new PostgresSessionCache(await openPostgres(pool, { schema }));
    const load = () => ({ session: { userId: 7 }, ttlSeconds: 60 });
    await cache.getOrLoad('loaded', load);
    await cache.set('token', { userId: 7 }, 60);
    await cache.touch('token', 60);
    const [listed] = await cache.listByUser(7);
    await cache.invalidateById(7, listed?.id ?? '');
    await cache.invalidate('token');
    await cache.invalidateByUser(7);
    await cache.clear();
    await cache.purgeExpired();
    // By pg, of a name that the server would cut off.
    expect(warned.mock.calls).toEqual([]);
  });

  test('refuses a database that cannot keep every character', async () => {
    await pool.query("create database latin encoding 'LATIN1' locale 'C' template template0");
    const refused = openPostgres(server.pool({ database: 'latin' }));
    await expect(refused).rejects.toThrow(withCode('SERVER_UNSUITABLE'));
    await expect(refused).rejects.toThrow(/LATIN1/);
  });

  test('finds a session, those of a user and those that are dead by an index', async () => {
    await openPostgres(pool, { schema: 'planned' });
    await pool.query(`
      insert into planned.sessions
      select sha256(n::text::bytea), 1, sha256((n % 1000)::text::bytea), '{"userId":1}', 0, 0, 1e15
      from generate_series(1, 20000) n;
      analyze planned.sessions`);
    const live =
      'generation = (select session_generation from planned.state) and expires_at > planned.now_ms()';
    const plans: Record<string, string> = {
      sessions_pkey: `select payload from planned.sessions where token_hash = sha256('7') and ${live}`,
      sessions_of_user: `select payload from planned.sessions where user_hash = sha256('7') and ${live}`,
      sessions_dead: `select token_hash from planned.sessions where (generation, expires_at) <= (1, 1700000000000)
        order by generation, expires_at limit 2 for update skip locked`,
    };
    for (const [index, text] of Object.entries(plans)) {
      const { rows } = await pool.query(`explain ${text}`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain(index);
      expect(plan).not.toContain('Seq Scan on sessions');
    }
  });
});
