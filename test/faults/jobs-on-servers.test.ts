import { createClient } from 'redis';
import { describe, onTestFinished, test } from 'vitest';
import { openPostgres, PostgresJobLedger } from '../../src/postgres.ts';
import { RedisJobLedger, RedisLeaseStore } from '../../src/redis.ts';
import { lacksRedis } from '../backends/redis/redis-place.ts';
import { lacksPostgres, PostgresServer } from '../support/postgres-server.ts';
import { RedisServer } from '../support/redis-server.ts';
import { withConnection } from '../support/sqlite-file.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { EFFECTS_TABLE, effectsIn, recordsOf } from './job-records.ts';
import type { JobPlace } from './job-rounds.ts';
import { runJobs, SECONDS } from './short-jobs.ts';

function newFolder(): TemporaryFolder {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  return folder;
}

async function onRedis(): Promise<JobPlace> {
  const folder = newFolder();
  const server = await RedisServer.start(folder.path);
  const client = createClient({ url: server.url });
  await client.connect();
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  const file = folder.file('a.db');
  return {
    file,
    server: server.url,
    stop: (child) => child.kill('SIGSTOP'),
    records: () =>
      recordsOf(
        new RedisJobLedger(new RedisLeaseStore(client)),
        withConnection(file, (connection) => effectsIn(connection)),
      ),
  };
}

async function onPostgres(): Promise<JobPlace> {
  const server = await PostgresServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const pool = server.pool();
  await pool.query(EFFECTS_TABLE.replace(')', ', place serial)'));
  return {
    file: newFolder().file('a.db'),
    server: `postgres://onehost@127.0.0.1:${server.port}/postgres`,
    stop: (child) => child.kill('SIGSTOP'),
    records: async () => {
      const ledger = new PostgresJobLedger(await openPostgres(pool, { schema: 'jobs' }));
      const { rows } = await pool.query(
        'select tick::float8, token::float8 from effects order by place',
      );
      return recordsOf(ledger, rows);
    },
  };
}

describe.each([
  { name: 'Redis', lacks: lacksRedis, place: onRedis },
  { name: 'PostgreSQL', lacks: lacksPostgres, place: onPostgres },
])('with leases and ticks in $name', ({ lacks, place }) => {
  test.skipIf(lacks)(
    `four processes that are killed and stopped at random for ${SECONDS} s run no tick twice, and lose none silently`,
    async () => {
      await runJobs(await place());
    },
    (SECONDS + 120) * 1000,
  );
});
