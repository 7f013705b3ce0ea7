import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type OnehostPostgres, openPostgres, PostgresLeaseStore } from '../../../src/postgres.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';
import { OpenTransaction, someoneWaits } from './open-transaction.ts';

describe.skipIf(lacksPostgres)('a lease store in PostgreSQL', () => {
  let server: PostgresServer;
  let ours: OnehostPostgres;
  let holder: PostgresLeaseStore;

  beforeAll(async () => {
    server = await PostgresServer.start();
    ours = await openPostgres(server.pool(), { listen: false });
    holder = new PostgresLeaseStore(ours, { timeoutSeconds: 20 });
  });

  afterAll(async () => {
    await ours?.close();
    await server?.[Symbol.asyncDispose]();
  });

  const holderOf = async (name: string) =>
    (await holder.list()).find((lease) => lease.name === name)?.holder ?? null;

  test('that is closed while it acquires holds nothing when close has returned, and the pool may be ended', async () => {
    for (let round = 0; round < 20; round++) {
      const pool = server.pool({ max: 4 });
      const postgres = await openPostgres(pool);
      const leases = new PostgresLeaseStore(postgres, { timeoutSeconds: 20 });
      const name = `lease ${round}`;
      const lease = await holder.acquire(name);
      const waiting = leases.acquire(name).catch((error: Error) => error);
      await wait(30);
      await lease.release();
      await wait(round / 4);
      await postgres.close();
      await pool.end();
      await waiting;
      expect(await holderOf(name)).toBeNull();
    }
  });

  test('that gave a steal up does not carry it out once the lock that it waited for is gone', async () => {
    const admin = server.pool();
    const lease = await holder.acquire('stolen');
    const hasty = new PostgresLeaseStore(await openPostgres(server.pool(), { listen: false }), {
      timeoutSeconds: 2,
    });
    // As a commit under the lease that waits for its standby.
    using committing = await OpenTransaction.of(
      admin,
      "select from onehost.leases where name = 'stolen' for key share",
    );
    // The connection by which the wait is seen is there before it begins.
    await admin.query('select 1');
    const stealing = hasty.steal(lease);
    stealing.catch(() => {});
    await someoneWaits(admin);
    await expect(stealing).rejects.toMatchObject({ code: 'ONEHOST_LEASE_STORE_UNAVAILABLE' });
    // Without a limit it would wait there until statement_timeout, for 20 s.
    const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock'";
    await vi.waitFor(async () => expect((await admin.query(waits)).rows).toEqual([]), {
      timeout: 10_000,
    });
    await committing.end('commit');
    await wait(100);
    await lease.renew();
    await lease.release();
    await hasty.close();
  });

  test('that was given nothing closes without a word while the server is away', async () => {
    await using away = await PostgresServer.start();
    const leases = new PostgresLeaseStore(await openPostgres(away.pool(), { listen: false }), {
      timeoutSeconds: 20,
    });
    await (await leases.acquire('lease')).release();
    const admin = away.pool();
    using _committing = await OpenTransaction.of(admin, 'select from onehost.leases for key share');
    const acquiring = leases.tryAcquire('lease');
    acquiring.catch(() => {});
    await someoneWaits(admin);
    await away.kill();
    // Whether the term has begun it cannot know.
    await expect(acquiring).rejects.toMatchObject({ code: 'ONEHOST_LEASE_STORE_UNAVAILABLE' });
    await leases.close();
  });
});
