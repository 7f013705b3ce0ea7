import SqliteConnection from 'better-sqlite3';
import { sql, type Transaction } from 'kysely';
import pg from 'pg';
import { createClient } from 'redis';
import { openPostgres, PostgresJobLedger, PostgresLeaseStore } from '../../src/postgres.ts';
import { RedisJobLedger, RedisLeaseStore } from '../../src/redis.ts';
import type { OpenedJobs } from './opened-jobs.ts';

/** The table of the app is in a file, and the job keeps a late write out of it by the fencing token, as it has to where there are no transactions. */
export async function inRedis(url: string, file: string): Promise<OpenedJobs> {
  const client = createClient({ url });
  await client.connect();
  const effects = new SqliteConnection(file, { timeout: 10_000 });
  const insert = effects.prepare(
    'insert into effects (tick, token) select :tick, :token where not exists (select 1 from effects where token > :token)',
  );
  const leases = new RedisLeaseStore(client);
  return {
    leases,
    ledger: new RedisJobLedger(leases),
    write: async ({ scheduledFor, fencingToken, signal }) => {
      signal.throwIfAborted();
      insert.run({ tick: scheduledFor.getTime(), token: fencingToken });
    },
    close: async () => {
      await leases.close();
      client.destroy();
      effects.close();
    },
  };
}

export async function inPostgres(
  connectionString: string,
): Promise<OpenedJobs<Transaction<unknown>>> {
  const pool = new pg.Pool({
    connectionString,
    max: 4,
    connectionTimeoutMillis: 20_000,
    statement_timeout: 10_000,
  });
  const postgres = await openPostgres(pool, { schema: 'jobs' });
  const leases = new PostgresLeaseStore<unknown>(postgres);
  return {
    leases,
    ledger: new PostgresJobLedger<unknown>(postgres),
    write: async ({ scheduledFor, fencingToken, transaction }) => {
      await transaction((connection) =>
        sql`insert into effects (tick, token) values (${scheduledFor.getTime()}, ${fencingToken})`.execute(
          connection,
        ),
      );
    },
    close: async () => {
      await leases.close();
      await postgres.close();
      await pool.end();
    },
  };
}
