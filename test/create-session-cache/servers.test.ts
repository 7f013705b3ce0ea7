import { on, once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createSessionCache, Scheduler } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { eventually } from '../support/eventually.ts';
import { lacksPostgres, PostgresServer } from '../support/postgres-server.ts';
import { RedisServer } from '../support/redis-server.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const lacksRedis = RedisServer.version() === null && process.env['CI'] === undefined;
if (lacksRedis)
  console.warn('Tests are skipped. Redis is not installed: apt-get install redis-server');

async function redisUrl(settings: Record<string, string> = {}): Promise<string> {
  const folder = new TemporaryFolder();
  const server = await RedisServer.start(folder.path, { settings });
  onTestFinished(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });
  return server.url;
}

async function postgresUrl(): Promise<string> {
  const server = await PostgresServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return `postgres://onehost@127.0.0.1:${server.port}/postgres`;
}

function raise(error: unknown): never {
  throw error;
}

/** Two processes of the app, as far as a server can tell. */
async function expectToWork(kind: string, env: Record<string, string>): Promise<void> {
  const make = () =>
    createSessionCache({ prefix: 'APP', env: { ...env, APP_WORKERS: '4' }, appVersion: '1.0' });
  const [one, other] = [await make(), await make()];
  const ofAnotherApp = await createSessionCache({
    prefix: 'OTHER',
    env: Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name.replace('APP', 'OTHER'), value]),
    ),
  });
  expect(one.kind).toBe(kind);
  expect(one.sessions.capabilities).toMatchObject({ reach: 'network', coherence: 'strict' });
  await one.sessions.set('token', { userId: 7 }, 60);
  expect(await other.sessions.get('token')).toEqual({ userId: 7 });
  expect(await ofAnotherApp.sessions.get('token')).toBeNull();
  expect(await other.sessions.invalidateByUser(7)).toBe(1);
  expect(await one.sessions.get('token')).toBeNull();

  const scheduler = new Scheduler({ leases: one.leases, ledger: one.ledger });
  const ran = new Promise<Date>((resolve) => {
    scheduler.add({
      name: 'job',
      everySeconds: 0.2,
      run: ({ scheduledFor }) => resolve(scheduledFor),
    });
  });
  scheduler.start();
  const tick = await ran;
  expect((await other.leases.list())[0]?.holder?.appVersion).toBe('1.0');
  await scheduler.stop();
  const runs = await other.ledger.runs('job');
  const run = runs.find(({ scheduledFor }) => +scheduledFor === +tick);
  expect(run).toMatchObject({ outcome: 'succeeded' });
  for (const each of [one, other, ofAnotherApp]) await each.close();
  await expect(async () => one.sessions.get('token')).rejects.toThrow();
}

describe('a URL in the environment puts sessions, leases and jobs into', () => {
  test.skipIf(lacksRedis)(
    'Redis',
    async () => {
      const url = await redisUrl();
      await expectToWork('redis', { APP_REDIS_URL: url });
    },
    60_000,
  );

  test.skipIf(lacksPostgres)(
    'PostgreSQL',
    async () => {
      const url = await postgresUrl();
      await expectToWork('postgres', { APP_DATABASE_URL: url });
    },
    60_000,
  );

  test.skipIf(lacksRedis)(
    'the one of two that APP_SESSION_CACHE names',
    async () => {
      const url = await redisUrl();
      await expectToWork('redis', {
        APP_SESSION_CACHE: 'redis',
        APP_REDIS_URL: url,
        APP_DATABASE_URL: 'postgres://u:p@127.0.0.1:1/db',
      });
    },
    60_000,
  );
});

describe('a server that is not there', () => {
  test.each([
    ['APP_REDIS_URL', 'redis://:secret@127.0.0.1:1'],
    ['APP_DATABASE_URL', 'postgres://u:secret@127.0.0.1:1/db'],
  ])(
    'is an error within seconds, without what the URL says: %s',
    async (name, url) => {
      const heard: unknown[] = [];
      const began = performance.now();
      const refused = createSessionCache({
        prefix: 'APP',
        env: { [name]: url },
        onError: (error) => heard.push(error),
      });
      await expect(refused).rejects.toThrow(
        expect.objectContaining({ code: 'ONEHOST_CACHE_UNAVAILABLE' }),
      );
      await expect(refused).rejects.not.toThrow(/secret/);
      expect(performance.now() - began).toBeLessThan(15_000);
    },
    40_000,
  );
});

describe.skipIf(lacksRedis)(
  'a Redis that refuses the connection is an error at once, with why',
  () => {
    test.each([
      [':wrong-secret@', '', 'WRONGPASS'],
      ['', '', 'NOAUTH'],
      [':right@', '/4711', 'DB index'],
    ])(
      'redis://%sserver%s',
      async (user, database, reason) => {
        const url = await redisUrl({ requirepass: 'right' });
        const env = { APP_REDIS_URL: url.replace('//', `//${user}`) + database };
        // By this clock no deadline ends it.
        const refused = createSessionCache({ prefix: 'APP', env, clock: new ManualClock() });
        await expect(refused).rejects.toThrow(
          expect.objectContaining({
            code: 'ONEHOST_CACHE_UNAVAILABLE',
            message: expect.stringContaining(reason),
          }),
        );
        await expect(refused).rejects.not.toThrow(/secret/);
      },
      30_000,
    );

    test.each<[string, () => unknown]>([
      ['throws', () => raise(new Error('of onError'))],
      ['rejects', async () => raise(new Error('of onError'))],
    ])(
      'also to whoever has an onError that %s',
      async (_, onError) => {
        const log = vi.spyOn(console, 'error').mockImplementation(() => {});
        const url = await redisUrl({ requirepass: 'right' });
        const refused = createSessionCache({ prefix: 'APP', env: { APP_REDIS_URL: url }, onError });
        await expect(refused).rejects.toThrow(/NOAUTH/);
        expect(log.mock.calls.flat().map(String)).toContain('Error: of onError');
        log.mockRestore();
      },
      30_000,
    );

    test('and one that is not there says what was found', async () => {
      const env = { APP_REDIS_URL: 'redis://127.0.0.1:1' };
      await expect(createSessionCache({ prefix: 'APP', env })).rejects.toThrow(/ECONNREFUSED/);
    }, 30_000);
  },
);

/** How many milliseconds lay between those who tried to connect to a port where each connection is ended at once. */
async function attemptsAt(port: number, count: number): Promise<number[]> {
  const times: number[] = [];
  const server = createServer().listen(port, '127.0.0.1');
  for await (const [socket] of on(server, 'connection')) {
    socket.destroy();
    if (times.push(performance.now()) > count) break;
  }
  server.close();
  await once(server, 'close');
  return times.slice(1).map((time, index) => time - (times[index] as number));
}

test.skipIf(lacksRedis)(
  'a Redis that was away for long is found again within a second, also when its password was wrong meanwhile',
  async () => {
    using folder = new TemporaryFolder();
    const settings = { requirepass: 'right' };
    let server = await RedisServer.start(folder.path, { settings });
    onTestFinished(() => server.stop());
    const { port } = server;
    const env = { APP_REDIS_URL: server.url.replace('//', '//:right@') };
    const heard: string[] = [];
    const { sessions, close } = await createSessionCache({
      prefix: 'APP',
      env,
      // By this clock no deadline ends a call that waits for the connection.
      clock: new ManualClock(),
      onError: (error) => heard.push(String(error)),
    });
    const startAgain = async (password: string) => {
      await server.stop();
      // So often that a client which waits longer each time has come to its longest.
      const last = (await attemptsAt(port, 12)).slice(-5);
      // A busy machine is late for some of them.
      expect(Math.min(...last)).toBeLessThan(1000);
      server = await RedisServer.start(folder.path, { port, settings: { requirepass: password } });
    };
    await startAgain('right');
    await sessions.set('token', { userId: 7 }, 60);
    await startAgain('another');
    await eventually(() => expect(heard.join()).toContain('WRONGPASS'));
    await startAgain('right');
    await sessions.set('token', { userId: 7 }, 60);
    await close();
  },
  60_000,
);
