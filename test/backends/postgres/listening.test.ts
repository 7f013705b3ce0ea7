import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Scheduler } from '../../../src/index.ts';
import {
  type OnehostPostgres,
  openPostgres,
  PostgresJobLedger,
  PostgresLeaseStore,
} from '../../../src/postgres.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { eventually } from '../../support/eventually.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';

describe.skipIf(lacksPostgres)('who waits for a lease in PostgreSQL', () => {
  let server: PostgresServer;
  let admin: pg.Pool;
  let pool: pg.Pool;
  let postgres: OnehostPostgres;
  let other: OnehostPostgres;
  let holders: PostgresLeaseStore;
  let standbys: PostgresLeaseStore;
  let schemas = 0;

  beforeAll(async () => {
    server = await PostgresServer.start();
    admin = server.pool();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    const schema = `listening_${++schemas}`;
    pool = server.pool({ max: 3, application_name: `standby_${schemas}` });
    postgres = await openPostgres(pool, { schema });
    standbys = new PostgresLeaseStore(postgres, { timeoutSeconds: 20 });
    other = await openPostgres(server.pool(), { schema, listen: false });
    holders = new PostgresLeaseStore(other, { timeoutSeconds: 20 });
    return async () => {
      await postgres.close();
      await holders.close();
      await pool.end();
    };
  });

  async function listeners(): Promise<number[]> {
    const { rows } = await admin.query(
      "select pid from pg_stat_activity where application_name = $1 and query like 'listen%'",
      [`standby_${schemas}`],
    );
    return rows.map(({ pid }) => pid);
  }

  test('has it as soon as it is released, and not only at the next poll', async () => {
    // By a clock that stands still, the next poll never comes.
    postgres = await openPostgres(pool, { schema: other.schema, clock: new ManualClock() });
    standbys = new PostgresLeaseStore(postgres);
    for (let round = 0; round < 5; round++) {
      const lease = await holders.acquire(round % 2 === 0 ? 'lease' : '\\ or \0');
      const waiting = standbys.acquire(lease.name);
      await eventually(async () => expect(await listeners()).toHaveLength(1));
      await eventually(() => {
        expect(postgres.notices?.isListening).toBe(true);
        // It does nothing else: the look that it takes before it sleeps is over.
        expect(pool.totalCount - pool.idleCount).toBe(1);
      });
      await lease.release();
      const next = await waiting;
      expect(next.reason).toBe('released');
      await next.release();
    }
  });

  test('listens on one connection, for as long as somebody waits', async () => {
    const lease = await holders.acquire('lease');
    const waits = [1, 2, 3].map(() => standbys.acquire('lease'));
    await eventually(async () => expect(await listeners()).toHaveLength(1));
    await lease.release();
    await Promise.all(waits.map(async (waiting) => (await waiting).release()));
    await eventually(async () => expect(await listeners()).toEqual([]));
    await eventually(() => expect(pool.totalCount).toBe(pool.idleCount));
  });

  test('has it by polling when the connection that listened was lost', async () => {
    const lease = await holders.acquire('lease');
    const waiting = standbys.acquire('lease');
    await eventually(async () => expect(await listeners()).toHaveLength(1));
    await admin.query('select pg_terminate_backend($1)', await listeners());
    await lease.release();
    expect((await waiting).reason).toBe('released');
  });

  test('keeps no connection after its database was closed', async () => {
    await holders.acquire('lease');
    const waiting = standbys.acquire('lease');
    waiting.catch(() => {});
    await eventually(async () => expect(await listeners()).toHaveLength(1));
    await postgres.close();
    await expect(waiting).rejects.toThrow(
      expect.objectContaining({ code: 'ONEHOST_LEASE_STORE_CLOSED' }),
    );
    await eventually(async () => expect(await listeners()).toEqual([]));
  });

  test('gives the connection back when nothing comes back by it, and so the pool can end', async () => {
    const lease = await holders.acquire('lease');
    await using relay = await TcpRelay.before(server.port);
    const cut = server.pool({ max: 4, port: relay.port, connectionTimeoutMillis: 5_000 });
    const own = await openPostgres(cut, { schema: other.schema });
    const waiting = new PostgresLeaseStore(own, { timeoutSeconds: 0.3 });
    // Connections that are there already, by which the wait and the listening begin.
    const idle = await Promise.all([1, 2, 3, 4].map(() => cut.connect()));
    for (const client of idle) client.release();
    relay.hold();
    await expect(waiting.acquire('lease', { timeoutSeconds: 0.5 })).rejects.toThrow();
    await own.close();
    await eventually(() => expect(cut.totalCount).toBe(cut.idleCount));
    relay.goOn();
    await cut.end();
    await lease.release();
  });

  test('runs the jobs of a scheduler on after a handover, each tick once', async () => {
    const ticks: number[] = [];
    const places: [PostgresLeaseStore, OnehostPostgres][] = [
      [holders, other],
      [standbys, postgres],
    ];
    const schedulers = places.map(([leases, place]) => {
      const scheduler = new Scheduler({ leases, ledger: new PostgresJobLedger(place) });
      scheduler.add({
        name: 'count',
        everySeconds: 0.1,
        run: async ({ scheduledFor, transaction }) => {
          await transaction(async (connection) => {
            await connection.selectNoFrom((eb) => eb.val(1).as('one')).execute();
          });
          ticks.push(scheduledFor.getTime());
        },
      });
      return scheduler;
    });
    for (const scheduler of schedulers) scheduler.start();
    await eventually(() => expect(ticks.length).toBeGreaterThan(3));
    const owner = schedulers.find((scheduler) => scheduler.isOwner);
    await owner?.stop();
    const before = ticks.length;
    await eventually(() => expect(ticks.length).toBeGreaterThan(before + 3));
    for (const scheduler of schedulers) await scheduler.stop();
    expect(new Set(ticks).size).toBe(ticks.length);
    const runs = await new PostgresJobLedger(postgres).runs('count');
    const ran = runs
      .filter(({ outcome }) => outcome === 'succeeded')
      .map((run) => +run.scheduledFor);
    expect(ran.sort()).toEqual(ticks.toSorted());
  });
});
