import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPostgres, PostgresLeaseStore } from '../../../src/postgres.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';
import { OpenTransaction, someoneWaits } from './open-transaction.ts';

describe.skipIf(lacksPostgres)('a takeover of a lease in PostgreSQL that looks overdue', () => {
  let server: PostgresServer;
  let admin: pg.Pool;
  let holder: PostgresLeaseStore;
  let standby: PostgresLeaseStore;
  let schema: string;
  let schemas = 0;

  beforeAll(async () => {
    server = await PostgresServer.start();
    admin = server.pool({ max: 5 });
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    schema = `takeovers_${++schemas}`;
    const open = async () =>
      new PostgresLeaseStore(await openPostgres(server.pool(), { schema, listen: false }), {
        timeoutSeconds: 20,
      });
    [holder, standby] = [await open(), await open()];
    // So long that the holder does not renew it in between.
    await holder.acquire('lease', { durationSeconds: 600 });
    await admin.query(`update ${schema}.leases set renewed_at = renewed_at - 3600000`);
  });

  afterEach(async () => {
    await holder.close();
    await standby.close();
  });

  test('is made when nobody renews it', async () => {
    expect((await standby.tryAcquire('lease'))?.reason).toBe('expired');
  });

  test('waits for a renewal under way, and is none once that is committed', async () => {
    using renewing = await OpenTransaction.of(
      admin,
      `update ${schema}.leases set renewals = renewals + 1, renewed_at = ${schema}.now_ms()`,
    );
    const taken = standby.tryAcquire('lease');
    await someoneWaits(admin);
    await renewing.end('commit');
    expect(await taken).toBeNull();
  });

  test('waits for another takeover, and is none once that is committed', async () => {
    using taking = await OpenTransaction.of(
      admin,
      `update ${schema}.leases set fencing_token = fencing_token + 1, holder = 'another'`,
    );
    const taken = standby.tryAcquire('lease');
    await someoneWaits(admin);
    await taking.end('commit');
    expect(await taken).toBeNull();
  });
});
