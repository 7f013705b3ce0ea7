import pg from 'pg';
import { createClient } from 'redis';
import type { Session } from '../../../src/index.ts';
import { openPostgres, PostgresSessionCache } from '../../../src/postgres.ts';
import { RedisSessionCache } from '../../../src/redis.ts';
import { type OpenedCache, PATIENCE_SECONDS } from './opened-cache.ts';
import type { SessionOrder } from './session-messages.ts';

/** Loads go on beside what a process does. */
const CONNECTIONS = 4;

export async function inRedis<S extends Session>(
  url: string,
  { name }: SessionOrder,
): Promise<OpenedCache<S>> {
  const client = createClient({ url, name });
  await client.connect();
  const cache = new RedisSessionCache<S>(client, { timeoutSeconds: PATIENCE_SECONDS });
  return { cache, close: async () => client.destroy() };
}

export async function inPostgres<S extends Session>(
  connectionString: string,
  { name }: SessionOrder,
): Promise<OpenedCache<S>> {
  const pool = new pg.Pool({
    connectionString,
    application_name: name,
    max: CONNECTIONS,
    connectionTimeoutMillis: PATIENCE_SECONDS * 1000,
    statement_timeout: PATIENCE_SECONDS * 1000,
  });
  const postgres = await openPostgres(pool, { schema: 'histories' });
  const cache = new PostgresSessionCache<S>(postgres, { timeoutSeconds: PATIENCE_SECONDS });
  const close = async () => {
    await postgres.close();
    await pool.end();
  };
  return { cache, close };
}
