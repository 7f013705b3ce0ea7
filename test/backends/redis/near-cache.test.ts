import { setTimeout as wait } from 'node:timers/promises';
import { createClient, createClientPool } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { RedisClient } from '../../../src/redis.ts';
import { RedisSessionCache } from '../../../src/redis.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { lacksRedis } from './redis-place.ts';

/** For what the server tells to arrive; it takes a millisecond. */
const LONG = 5000;

describe.skipIf(lacksRedis)('a near cache', () => {
  const folder = new TemporaryFolder();
  let server: RedisServer;
  let prefix: string;
  let tests = 0;

  beforeAll(async () => {
    server = await RedisServer.start(folder.path);
  });

  afterAll(async () => {
    await server?.stop();
    folder[Symbol.dispose]();
  });

  beforeEach(() => {
    prefix = `near-${++tests}`;
  });

  /** A client whose commands are counted: what is answered from memory sends none. */
  async function connect(port = server.port) {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.destroy());
    return client;
  }

  async function openPair({ relay, clock }: { relay?: TcpRelay; clock?: ManualClock } = {}) {
    const client = await connect(relay?.port);
    const near = new RedisSessionCache(client, { prefix, nearCacheEntries: 100, clock });
    const other = new RedisSessionCache(await connect(), { prefix });
    onTestFinished(() => near.close());
    return { client, near, other };
  }

  const mgetsServed = async (by = server) => {
    const client = await connect(by.port);
    const stats = await client.info('commandstats');
    return Number(/cmdstat_mget:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };

  /** Reads until it is answered from memory. */
  async function readNear(cache: RedisSessionCache, token: string): Promise<void> {
    const end = performance.now() + LONG;
    for (;;) {
      await cache.get(token);
      const before = await mgetsServed();
      await cache.get(token);
      if ((await mgetsServed()) === before) return;
      if (performance.now() > end) throw new Error('It is never answered from memory.');
      await wait(5);
    }
  }

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    const begin = performance.now();
    while (!(await isSo())) {
      if (performance.now() - begin > LONG) throw new Error('It does not become so.');
      await wait(1);
    }
  }

  test('answers without asking the server', async () => {
    const { near, other } = await openPair();
    await other.set('token', { userId: 7 }, 60);
    await readNear(near, 'token');
    expect(await near.get('token')).toEqual({ userId: 7 });
    expect(near.capabilities).toMatchObject({ coherence: 'bounded', staleSeconds: 1 });
  });

  const changes = {
    invalidate: (cache) => cache.invalidate('token'),
    invalidateByUser: (cache) => cache.invalidateByUser(7),
    clear: (cache) => cache.clear(),
    'a set in its place': (cache) => cache.set('token', { userId: 8 }, 60),
  } satisfies Record<string, (cache: RedisSessionCache) => Promise<unknown>>;

  for (const [name, change] of Object.entries(changes)) {
    test(`is told of ${name} by another process, well within the bound`, async () => {
      const { near, other } = await openPair();
      for (let round = 0; round < 5; round++) {
        await other.set('token', { userId: 7 }, 60);
        await until(async () => (await near.get('token'))?.userId === 7);
        await readNear(near, 'token');
        await change(other);
        const changed = performance.now();
        // What counts is when an old one was asked for, and not when it was looked at.
        let asked = changed;
        while ((await near.get('token'))?.userId === 7) {
          expect(asked - changed).toBeLessThan(1000);
          await wait(1);
          asked = performance.now();
        }
      }
    });

    test(`never gives in this process what ${name} here has ended`, async () => {
      const { near, other } = await openPair();
      for (let round = 0; round < 50; round++) {
        await other.set('token', { userId: 7 }, 60);
        await until(async () => (await near.get('token'))?.userId === 7);
        // Also those on their way.
        const reads = [1, 2, 3].map(() => near.get('token'));
        await change(near);
        expect((await near.get('token'))?.userId).not.toBe(7);
        await Promise.all(reads);
        expect((await near.get('token'))?.userId).not.toBe(7);
      }
    });
  }

  test('that hears nothing gives what it has for staleSeconds, and then asks', async () => {
    await using relay = await TcpRelay.before(server.port);
    const clock = new ManualClock();
    // The client of the cache itself is not cut off: only the connection that tells of changes is.
    const { near, other } = await openPair({ clock });
    const client = await connect(relay.port);
    const deaf = new RedisSessionCache(client, { prefix, nearCacheEntries: 100, clock });
    onTestFinished(() => deaf.close());
    await other.set('token', { userId: 7 }, 600);
    await readNear(deaf, 'token');
    await readNear(near, 'token');
    relay.hold();
    await other.invalidate('token');
    await until(async () => (await near.get('token')) === null);
    clock.stall(0.99);
    expect(await deaf.get('token')).toEqual({ userId: 7 });
    clock.stall(0.01);
    const answer = deaf.get('token');
    await wait(20);
    relay.goOn();
    expect(await answer).toBeNull();
  });

  test('of a process that was stopped gives nothing old when it wakes up', async () => {
    const clock = new ManualClock();
    const { near, other } = await openPair({ clock });
    await other.set('token', { userId: 7 }, 600);
    await readNear(near, 'token');
    clock.stall(5);
    const before = await mgetsServed();
    expect(await near.get('token')).toEqual({ userId: 7 });
    expect(await mgetsServed()).toBe(before + 1);
  });

  test('whose connection was lost gives nothing from before when there is another', async () => {
    await using relay = await TcpRelay.before(server.port);
    const { near, other } = await openPair({ relay });
    for (const token of ['token', 'another']) {
      await other.set(token, { userId: 7 }, 60);
      await readNear(near, token);
    }
    await relay.refuse();
    await other.invalidate('token');
    await relay.accept();
    await until(async () => {
      const session = await near.get('another').catch(() => null);
      return session !== null;
    });
    await readNear(near, 'another');
    expect(await near.get('token')).toBeNull();
  });

  test('gives nothing old after a failover that its own connection did not notice', async () => {
    const next = await RedisServer.start(folder.file('.'));
    onTestFinished(() => next.stop('SIGKILL'));
    await using relay = await TcpRelay.before(server.port);
    const { near, client } = await openPair({ relay });
    await near.set('token', { userId: 7 }, 60);
    await readNear(near, 'token');
    relay.leadTo(next.port);
    const [ofTheApp, ofTheCache] = relay.clients;
    ofTheApp?.destroy();
    await until(async () => !client.isReady);
    await until(async () => client.isReady);
    await near.invalidate('token');
    expect(await near.get('token')).toBeNull();
    await near.set('token', { userId: 8 }, 60);
    for (let round = 0; round < 50; round++) {
      expect(await near.get('token')).toEqual({ userId: 8 });
      await wait(10);
    }
    // It goes after the app's client, and is a near cache again.
    await until(async () => ofTheCache?.destroyed === true);
    const reads = async () => {
      const before = await mgetsServed(next);
      await near.get('token');
      return (await mgetsServed(next)) - before;
    };
    await until(async () => (await reads()) === 0);
    const other = new RedisSessionCache(await connect(next.port), { prefix });
    await other.invalidate('token');
    await until(async () => (await near.get('token')) === null);
  });

  test('reads the database that the client has chosen, and no other', async () => {
    const client = await connect();
    await client.select(3);
    const near = new RedisSessionCache(client, { prefix, nearCacheEntries: 100 });
    onTestFinished(() => near.close());
    await near.set('token', { userId: 7 }, 60);
    for (let round = 0; round < 50; round++) {
      expect(await near.get('token')).toEqual({ userId: 7 });
      await wait(10);
    }
  });

  test('works for a user who may not ask which server it is', async () => {
    const admin = await connect();
    const rules = ['on', '>secret', `~{${prefix}}:*`, '+@all', '-info', '-client|info'];
    await admin.sendCommand(['ACL', 'SETUSER', 'near', ...rules]);
    const client = createClient({ url: server.url, username: 'near', password: 'secret' });
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.destroy());
    const near = new RedisSessionCache(client, { prefix, nearCacheEntries: 100 });
    onTestFinished(() => near.close());
    await near.set('token', { userId: 7 }, 60);
    await readNear(near, 'token');
  });

  test('is not moved to another connection without a word by an announced maintenance', async () => {
    await using relay = await TcpRelay.before(server.port);
    const { near, other } = await openPair({ relay });
    await other.set('token', { userId: 7 }, 60);
    await readNear(near, 'token');
    const address = `127.0.0.1:${relay.port}`;
    const announced = `>4\r\n$6\r\nMOVING\r\n:1\r\n:5\r\n$${address.length}\r\n${address}\r\n`;
    relay.clients[1]?.write(announced);
    // As long as it takes to connect.
    await wait(300);
    await other.invalidate('token');
    await wait(1000);
    expect(await near.get('token')).toBeNull();
  });

  test('counts from when it asked, and not from when the answer came', async () => {
    await using relay = await TcpRelay.before(server.port);
    const clock = new ManualClock();
    // The cache asks by a connection of its own; the one that tells of changes is slow.
    const { near, other, client } = await openPair({ relay, clock });
    await other.set('token', { userId: 7 }, 600);
    await readNear(near, 'token');
    relay.hold();
    clock.advance(0.25);
    clock.stall(5);
    const answered = client.ping();
    relay.goOn();
    await answered;
    await wait(50);
    const before = await mgetsServed();
    await near.get('token');
    expect(await mgetsServed()).toBe(before + 1);
  });

  test('is refused to a client that does not tell of changes', async () => {
    const pool = createClientPool({ url: server.url });
    expect(() => new RedisSessionCache(pool, { nearCacheEntries: 1 })).toThrow(
      expect.objectContaining({ code: 'ONEHOST_INVALID_OPTION' }),
    );
    const client: RedisClient = await connect();
    expect(() => new RedisSessionCache(client, { nearCacheEntries: -1 })).toThrow(
      expect.objectContaining({ code: 'ONEHOST_INVALID_OPTION' }),
    );
  });

  test('leaves no connection when it is closed, and the client of the app open', async () => {
    const client = await connect();
    const connections = async () => {
      const list = String(await client.sendCommand(['CLIENT', 'LIST']));
      return list.split('\n').filter((line) => line.includes('flags=t')).length;
    };
    const before = await connections();
    const near = new RedisSessionCache(client, { prefix, nearCacheEntries: 100 });
    await until(async () => (await connections()) === before + 1);
    await near.close();
    await until(async () => (await connections()) === before);
    expect(await client.ping()).toBe('PONG');
  });
});
