import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgres, PostgresLeaseStore } from '../../../src/postgres.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';

const CONNECTIONS = 20;
/** With a conflict that only the name may have, one in eight of them fails somebody. */
const LEASES = 80;

describe.skipIf(lacksPostgres)('the first term of a lease in PostgreSQL', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  test('is begun by one of many that try in the same millisecond, and the others are told that it is held', async () => {
    const pool = server.pool({ max: CONNECTIONS });
    const postgres = await openPostgres(pool, { schema: 'first_terms', listen: false });
    // Tokens are told apart by the clock, and here all are the same.
    await pool.query(`
      create or replace function first_terms.now_ms() returns bigint language sql volatile
      as $$ select 1767225600000::bigint $$`);
    const leases = new PostgresLeaseStore(postgres, { timeoutSeconds: 20 });
    for (let lease = 0; lease < LEASES; lease++) {
      const tries = Array.from({ length: CONNECTIONS }, () => leases.tryAcquire(`lease ${lease}`));
      expect((await Promise.all(tries)).filter((term) => term !== null)).toHaveLength(1);
    }
    await leases.close();
  });
});
