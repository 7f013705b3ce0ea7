import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from 'redis';
import { describe, onTestFinished, test } from 'vitest';
import { lacksRedis } from '../../backends/redis/redis-place.ts';
import { lacksPostgres, PostgresServer } from '../../support/postgres-server.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import type { SessionRunOptions } from './sessions-under-faults.ts';
import { SECONDS, SEED, ShortRuns } from './short-run.ts';

/** A server that processes share, and whose connection of a process is known by the name that it gives. */
type SharedServer = Required<Pick<SessionRunOptions, 'settingsOf' | 'untilServed'>>;

const runs = ShortRuns.forThisFile();

async function onRedis(): Promise<SharedServer> {
  const folder = new TemporaryFolder();
  const server = await RedisServer.start(folder.path);
  const admin = createClient({ url: server.url });
  await admin.connect();
  onTestFinished(async () => {
    await admin.close();
    await server.stop();
    folder[Symbol.dispose]();
  });
  return {
    settingsOf: () => ({ server: server.url }),
    untilServed: (process) =>
      until(async () => (await admin.clientList()).every(({ name }) => name !== process)),
  };
}

async function onPostgres(): Promise<SharedServer> {
  const server = await PostgresServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return {
    settingsOf: () => ({ server: `postgres://onehost@127.0.0.1:${server.port}/postgres` }),
    untilServed: (process) => until(async () => (await server.backendsOf(process)).length === 0),
  };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo().catch(() => false))) await wait(2);
}

describe.each([
  { name: 'Redis', lacks: lacksRedis, shared: onRedis },
  { name: 'PostgreSQL', lacks: lacksPostgres, shared: onPostgres },
])(`seed ${SEED}`, ({ name, lacks, shared }) => {
  test.skipIf(lacks)(
    `eight processes that are killed, stopped and restarted for ${SECONDS} s while their sessions are in ${name} leave a history that has an order and no revoked session in it`,
    async () => {
      await runs.run({
        ...(await shared()),
        isInFile: false,
        faultEveryMilliseconds: 600,
        operations: 1000,
        longestLoadMilliseconds: 200,
        isEnough: ({ deeds, findings }) => Math.min(deeds.kills, deeds.stops, findings.cut) > 0,
      });
    },
    300_000,
  );
});
