import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createSessionCache } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { eventually } from '../support/eventually.ts';
import { RedisServer } from '../support/redis-server.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const lacksRedis = RedisServer.version() === null && process.env['CI'] === undefined;

async function open() {
  const folder = new TemporaryFolder();
  const server = await RedisServer.start(folder.path);
  const relay = await TcpRelay.before(server.port);
  const clock = new ManualClock();
  const env = { APP_REDIS_URL: `redis://127.0.0.1:${relay.port}` };
  const { sessions, close } = await createSessionCache({ prefix: 'APP', env, clock });
  onTestFinished(async () => {
    await close();
    await relay[Symbol.asyncDispose]();
    await server.stop();
    folder[Symbol.dispose]();
  });
  await sessions.set('token', { userId: 7 }, 600);
  return { relay, clock, sessions, close };
}

/** Until one of its commands has come back, or is known to be lost. */
const settled = () => wait(50);

test.skipIf(lacksRedis)(
  'a Redis whose machine vanishes without a word is given up after some seconds without an answer, and found again',
  async () => {
    const { relay, clock, sessions } = await open();
    relay.abandon();
    clock.advance(1);
    await settled();
    clock.advance(4.9);
    await settled();
    expect(relay.clients.length).toBe(1);
    clock.advance(0.1);
    expect(await sessions.get('token')).toEqual({ userId: 7 });
  },
  30_000,
);

test.skipIf(lacksRedis)(
  'one that answers keeps its connection, also for a process that was stopped',
  async () => {
    const { relay, clock, sessions } = await open();
    const [connection] = relay.clients;
    for (let second = 0; second < 20; second++) {
      clock.advance(1);
      expect(await sessions.get('token')).toEqual({ userId: 7 });
    }
    clock.advance(1);
    clock.stall(100);
    clock.advance(0);
    expect(await sessions.get('token')).toEqual({ userId: 7 });
    expect(relay.clients).toEqual([connection]);
  },
  30_000,
);

test.skipIf(lacksRedis)(
  'one that vanishes before it has greeted is given up, too',
  async () => {
    const { relay, clock, sessions } = await open();
    const [first] = relay.clients;
    relay.hold();
    clock.advance(1);
    await settled();
    clock.advance(5);
    await eventually(() => {
      expect(relay.clients.some((client) => client !== first)).toBe(true);
    });
    relay.abandon();
    const answer = await Promise.race([sessions.get('token'), wait(20_000, 'none')]);
    expect(answer).toEqual({ userId: 7 });
  },
  40_000,
);

test.skipIf(lacksRedis)('a cache that is closed does not go on asking', async () => {
  const { clock, close } = await open();
  await close();
  clock.advance(100);
  expect(clock.pendingTimers).toBe(0);
});
