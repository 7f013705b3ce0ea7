import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { createClient, createClientPool } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RedisJobLedger, RedisLeaseStore, RedisSessionCache } from '../../../src/redis.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { eventually } from '../../support/eventually.ts';
import { RedisServer, type RedisServerOptions } from '../../support/redis-server.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { lacksRedis } from './redis-place.ts';

/** What each call may take here, in seconds. */
const TIMEOUT = 0.5;

async function start(options: RedisServerOptions = {}) {
  const folder = new TemporaryFolder();
  const server = await RedisServer.start(folder.path, options);
  onTestFinished(async () => {
    await server.stop('SIGKILL');
    folder[Symbol.dispose]();
  });
  return { server, folder };
}

async function connect(port: number, options: object = {}) {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, ...options });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

async function connectPool(port: number) {
  const pool = createClientPool({ url: `redis://127.0.0.1:${port}` }, { minimum: 1, maximum: 1 });
  pool.on('error', () => {});
  await pool.connect();
  onTestFinished(() => pool.destroy());
  return pool;
}

/** A client of a primary, which is led to a replica of it when it connects anew; a session is on both. */
async function leadingToReplica() {
  const { server: primary } = await start({ settings: { 'repl-diskless-sync-delay': '0' } });
  const { server: replica } = await start({
    settings: { replicaof: `127.0.0.1 ${primary.port}` },
  });
  const relay = await TcpRelay.before(primary.port);
  onTestFinished(() => relay[Symbol.asyncDispose]());
  const client = await connect(relay.port);
  const cache = new RedisSessionCache(client, { timeoutSeconds: 10 });
  await cache.set('token', { userId: 7 }, 60);
  const admin = await connect(replica.port);
  while ((await admin.exists('{onehost}:generation')) === 0) await wait(10);
  relay.leadTo(replica.port);
  return { relay, client, cache };
}

/** What it was refused with. */
function refusal(call: () => Promise<unknown>): Promise<Error> {
  return call().then(
    () => new Error('It was not refused.'),
    (thrown: Error) => thrown,
  );
}

const load = () => ({ session: { userId: 7, loaded: true }, ttlSeconds: 60 });

describe.skipIf(lacksRedis)('a server that hangs', () => {
  test('holds nobody up for longer than the deadline, and what was refused has its error', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const clock = new ManualClock();
    const cache = new RedisSessionCache(client, { timeoutSeconds: TIMEOUT, clock });
    const leases = new RedisLeaseStore(client, { timeoutSeconds: TIMEOUT, clock });
    const ledger = new RedisJobLedger(leases);
    const lease = await leases.acquire('lease');
    await cache.set('token', { userId: 7 }, 60);
    server.signal('SIGSTOP');
    const calls: [string, () => Promise<unknown>][] = [
      ['ONEHOST_CACHE_UNAVAILABLE', () => cache.get('token')],
      ['ONEHOST_CACHE_UNAVAILABLE', () => cache.set('token', { userId: 7 }, 60)],
      ['ONEHOST_CACHE_UNAVAILABLE', () => cache.getOrLoad('token', load)],
      ['ONEHOST_CACHE_UNAVAILABLE', () => cache.touch('token', 60)],
      ['ONEHOST_CACHE_UNAVAILABLE', () => cache.invalidate('token')],
      ['ONEHOST_CACHE_UNAVAILABLE', () => cache.invalidateByUser(7)],
      ['ONEHOST_CACHE_UNAVAILABLE', () => cache.listByUser(7)],
      ['ONEHOST_CACHE_UNAVAILABLE', () => cache.clear()],
      ['ONEHOST_LEASE_STORE_UNAVAILABLE', () => leases.tryAcquire('lease')],
      ['ONEHOST_LEASE_STORE_UNAVAILABLE', () => leases.list()],
      ['ONEHOST_LEASE_STORE_UNAVAILABLE', () => lease.renew()],
      ['ONEHOST_LEASE_STORE_UNAVAILABLE', () => ledger.jobs()],
      ['ONEHOST_LEASE_STORE_UNAVAILABLE', () => lease.release()],
    ];
    const ended: string[] = [];
    const refusals = calls.map(async ([code, call]) => {
      const error = await refusal(call);
      ended.push(code);
      return error;
    });
    clock.advance(TIMEOUT - 0.001);
    await nextTurn();
    expect(ended).toEqual([]);
    clock.advance(0.001);
    for (const [index, refused] of refusals.entries()) {
      expect(await refused).toMatchObject({ code: calls[index]?.[0] });
    }
    server.signal('SIGCONT');
    // It may go on with what it had been sent, the set too. What is asked now comes after that.
    await cache.invalidate('token');
    expect(await cache.get('token')).toBeNull();
    expect(await cache.listByUser(7)).toEqual([]);
    await leases.close();
  });

  test('costs a lease its holder’s trust by the clock of the holder', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const clock = new ManualClock();
    const leases = new RedisLeaseStore(client, { timeoutSeconds: TIMEOUT, clock });
    const lease = await leases.acquire('lease', { durationSeconds: 1, marginSeconds: 0.2 });
    server.signal('SIGSTOP');
    clock.advance(0.799);
    expect(lease.signal.aborted).toBe(false);
    clock.advance(0.001);
    expect(lease.signal.reason).toMatchObject({ code: 'ONEHOST_LEASE_LOST' });
    server.signal('SIGCONT');
    const others = new RedisLeaseStore(client);
    expect((await others.acquire('lease', { timeoutSeconds: 20 })).reason).toBe('expired');
    await Promise.all([leases.close(), others.close()]);
  });

  test('lets an app that says so go on with its own store, and keeps nothing of that', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const cache = new RedisSessionCache(client, {
      timeoutSeconds: TIMEOUT,
      readsWhenUnavailable: 'miss',
    });
    await new RedisSessionCache(client).set('token', { userId: 7 }, 60);
    server.signal('SIGSTOP');
    expect(await cache.get('token')).toBeNull();
    expect(await cache.getOrLoad('token', load)).toEqual({ userId: 7, loaded: true });
    const error = await refusal(() => cache.invalidate('token'));
    expect(error).toMatchObject({ code: 'ONEHOST_CACHE_UNAVAILABLE' });
    server.signal('SIGCONT');
    expect(await cache.get('another')).toBeNull();
  });
});

describe.skipIf(lacksRedis)('a server that is gone', () => {
  test('is not sent later what was given up meanwhile', async () => {
    const { server } = await start();
    await using relay = await TcpRelay.before(server.port);
    const client = await connect(relay.port);
    const clock = new ManualClock();
    const cache = new RedisSessionCache(client, { timeoutSeconds: TIMEOUT, clock });
    const other = new RedisSessionCache(await connect(server.port));
    await other.set('before', { userId: 7 }, 60);
    await relay.refuse();
    // What is sent before it is known to be gone is lost; this is about what waits.
    while (client.isReady) await wait(1);
    const sets = Array.from({ length: 100 }, (_, index) =>
      refusal(() => cache.set(`token ${index}`, { userId: 7 }, 60)),
    );
    await nextTurn();
    clock.advance(TIMEOUT);
    for (const error of await Promise.all(sets)) {
      expect(error).toMatchObject({ code: 'ONEHOST_CACHE_UNAVAILABLE' });
    }
    await other.invalidateByUser(7);
    await relay.accept();
    await eventually(() => cache.get('before'));
    expect(await other.listByUser(7)).toEqual([]);
  });

  test('without an offline queue is told at once', async () => {
    const { server } = await start();
    const client = await connect(server.port, { disableOfflineQueue: true });
    // By this clock no deadline ends the call.
    const cache = new RedisSessionCache(client, { clock: new ManualClock() });
    await cache.set('token', { userId: 7 }, 60);
    await server.stop('SIGKILL');
    const error = await refusal(() => cache.get('token'));
    expect(error).toMatchObject({ code: 'ONEHOST_CACHE_UNAVAILABLE' });
  });

  test('and whose client was closed is an error of ours, too', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const cache = new RedisSessionCache(client);
    client.destroy();
    const error = await refusal(() => cache.get('token'));
    expect(error).toMatchObject({ code: 'ONEHOST_CACHE_UNAVAILABLE' });
    expect(error.cause).toBeInstanceOf(Error);
    // The test's own end of the client.
    await client.connect();
  });
});

describe.skipIf(lacksRedis)('a server that lost everything', () => {
  test('refuses a fill from before', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const cache = new RedisSessionCache(client);
    let loads = 0;
    const loaded = await cache.getOrLoad('token', async () => {
      loads++;
      if (loads === 1) await client.flushAll();
      return { session: { userId: 7, loads }, ttlSeconds: 60 };
    });
    expect(loaded).toEqual({ userId: 7, loads: 2 });
  });

  test('gives no fencing token twice, ends the terms under way, and is noticed', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const leases = new RedisLeaseStore(client);
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel');
    const told: unknown[] = [];
    const listener = (event: unknown) => told.push(event);
    subscribe('onehost:leases-lost', listener);
    onTestFinished(() => {
      unsubscribe('onehost:leases-lost', listener);
    });
    const lease = await leases.acquire('lease');
    await client.flushAll();
    await expect(lease.renew()).rejects.toMatchObject({ code: 'ONEHOST_LEASE_LOST' });
    const next = await leases.acquire('lease');
    expect(next.reason).toBe('first');
    expect(next.fencingToken).toBeGreaterThan(lease.fencingToken);
    expect(told).toEqual([{ prefix: '{onehost}:' }]);
    await leases.close();
  });

  test('and whose clock was set back gives none twice to a store that has seen it', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const leases = new RedisLeaseStore(client);
    await leases.acquire('lease');
    const ahead = Date.now() * 1000 + 3600e6;
    await client.hSet('{onehost}:lease:lease', { token: String(ahead), holder: '' });
    await leases.tryAcquire('lease').then((lease) => lease?.release());
    await client.flushAll();
    const next = await leases.tryAcquire('lease');
    expect(next?.fencingToken).toBeGreaterThan(ahead);
    await leases.close();
  });
});

describe.skipIf(lacksRedis)('a server that is unfit is refused, before anything is written', () => {
  test('because it evicts', async () => {
    const { server } = await start({
      settings: { maxmemory: '100mb', 'maxmemory-policy': 'volatile-lru' },
    });
    const client = await connect(server.port);
    const error = await refusal(() => new RedisSessionCache(client).set('t', { userId: 7 }, 1));
    expect(error).toMatchObject({ code: 'ONEHOST_SERVER_UNSUITABLE' });
    expect(error.message).toContain('volatile-lru');
    const leases = new RedisLeaseStore(client);
    expect(await refusal(() => leases.tryAcquire('lease'))).toMatchObject({
      code: 'ONEHOST_SERVER_UNSUITABLE',
    });
    expect(await client.dbSize()).toBe(0);
  });

  test.each([
    ['client', connect],
    ['pool', connectPool],
  ])(
    'because it is a replica, from the first call of a %s on, and again when the way has led to another server',
    async (_, open) => {
      const { server: primary } = await start();
      const { server } = await start({ settings: { replicaof: `127.0.0.1 ${primary.port}` } });
      const admin = await connect(server.port);
      await new RedisSessionCache(await connect(primary.port)).set('token', { userId: 7 }, 60);
      while ((await admin.exists('{onehost}:generation')) === 0) await wait(10);
      await using relay = await TcpRelay.before(server.port);
      const clock = new ManualClock();
      const cache = new RedisSessionCache(await open(relay.port), {
        timeoutSeconds: TIMEOUT,
        clock,
      });
      const refuse = async () => {
        const error = await refusal(() => cache.get('token'));
        expect(error).toMatchObject({ code: 'ONEHOST_CACHE_UNAVAILABLE' });
        expect(error.message).toContain('replica');
      };
      await refuse();
      await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      expect(await cache.get('token')).toEqual({ userId: 7 });
      // As a Sentinel demotes a server: what was connected to it has to connect anew.
      await admin.sendCommand(['REPLICAOF', '127.0.0.1', String(primary.port)]);
      await relay.refuse();
      const refused = refusal(() => cache.get('token'));
      await nextTurn();
      clock.advance(TIMEOUT);
      await refused;
      await relay.accept();
      await eventually(refuse);
      await refuse();
    },
  );

  test('because it is a replica that the client was led to while nothing was asked', async () => {
    const { relay, client, cache } = await leadingToReplica();
    relay.clients[0]?.destroy();
    while (client.isReady) await wait(1);
    while (!client.isReady) await wait(1);
    const error = await refusal(() => cache.get('token'));
    expect(error).toMatchObject({ code: 'ONEHOST_CACHE_UNAVAILABLE' });
    expect(error.message).toContain('replica');
  });

  test('because it is a replica that only the answer came from', async () => {
    const { relay, client, cache } = await leadingToReplica();
    // More than the network takes: what is asked after it waits in the client, and is sent when that has connected anew.
    relay.hold();
    const large = refusal(() => client.set('large', 'x'.repeat(50e6)));
    await wait(50);
    const calls = [() => cache.get('token'), () => cache.listByUser(7)].map(refusal);
    relay.clients[0]?.destroy();
    relay.goOn();
    await large;
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: 'ONEHOST_CACHE_UNAVAILABLE' });
      expect(error.message).toContain('replica');
    }
  });

  test('but not because its user may not ask', async () => {
    const { server } = await start();
    const admin = await connect(server.port);
    await admin.sendCommand([
      'ACL',
      'SETUSER',
      'app',
      'on',
      '>secret',
      '~{onehost}:*',
      '+@all',
      '-info',
    ]);
    const client = await connect(server.port, { username: 'app', password: 'secret' });
    const cache = new RedisSessionCache(client);
    await cache.set('token', { userId: 7 }, 60);
    expect(await cache.get('token')).toEqual({ userId: 7 });
    await admin.sendCommand(['ACL', 'SETUSER', 'app', '-mget']);
    const error = await refusal(() => cache.get('token'));
    expect(error).toMatchObject({ code: 'ONEHOST_SERVER_UNSUITABLE' });
    expect(error.message).toContain('NOPERM');
  });

  test('because memory is full is passing, and an error of its own kind', async () => {
    const { server } = await start({
      settings: { maxmemory: '3mb', 'maxmemory-policy': 'noeviction' },
    });
    const cache = new RedisSessionCache(await connect(server.port));
    const large = { userId: 7, data: 'x'.repeat(100_000) };
    const fill = async () => {
      for (let count = 0; count < 100; count++) await cache.set(`token ${count}`, large, 60);
    };
    const error = await refusal(fill);
    expect(error).toMatchObject({ code: 'ONEHOST_CACHE_UNAVAILABLE' });
    expect(error.message).toContain('OOM');
  });

  test('what only time mends is passing, also as Redis 6.2 tells it of a script', async () => {
    const told =
      "ERR Error running script (call to f_6b1bf486c81ceb7edf3c093f4c48582e38c0e791): @user_script:17: @user_script: 17: -READONLY You can't write against a read only replica. ";
    const sendCommand = () => Promise.reject(new Error(told));
    const cache = new RedisSessionCache({ sendCommand });
    const error = await refusal(() => cache.invalidate('token'));
    expect(error).toMatchObject({ code: 'ONEHOST_CACHE_UNAVAILABLE' });
    const wrong = new RedisSessionCache({
      sendCommand: () =>
        Promise.reject(new Error(told.replace('-READONLY', '-WRONGTYPE some READONLY'))),
    });
    expect(await refusal(() => wrong.invalidate('token'))).toMatchObject({
      code: 'ONEHOST_SERVER_UNSUITABLE',
    });
  });

  test('scripts that it forgot are sent again', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const cache = new RedisSessionCache(client);
    await cache.set('token', { userId: 7 }, 60);
    await client.scriptFlush();
    expect(await cache.invalidate('token')).toBe(true);
  });

  test('a client that is none is refused when the cache is made', () => {
    for (const none of [undefined, null, 7, {}, Promise.resolve()]) {
      expect(() => new RedisSessionCache(none as never)).toThrow(
        expect.objectContaining({ code: 'ONEHOST_INVALID_OPTION' }),
      );
    }
    for (const prefix of ['', 'a b', '{a}', 'a*', 7, 'x'.repeat(101)]) {
      const client = createClient();
      expect(() => new RedisSessionCache(client, { prefix: prefix as string })).toThrow(
        expect.objectContaining({ code: 'ONEHOST_INVALID_OPTION' }),
      );
    }
  });
});

describe.skipIf(lacksRedis)('at rest', () => {
  test('there is no token, and every key of a session expires', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const cache = new RedisSessionCache(client);
    for (let count = 0; count < 20; count++) {
      await cache.set(`secret-${count}`, { userId: count % 3 }, 1000);
    }
    await cache.touch('secret-1', 2000);
    await cache.invalidate('secret-2');
    await cache.invalidateByUser(1, { exceptToken: 'secret-4' });
    await cache.getOrLoad('secret-99', load);
    for (const key of await client.keys('*')) {
      expect(key).not.toContain('secret');
      expect(key.startsWith('{onehost}:')).toBe(true);
      const isLasting = key === '{onehost}:generation' || key === '{onehost}:position';
      expect((await client.pTTL(key)) > 0, key).toBe(!isLasting);
    }
  });

  test('what a clear left is removed by those who set', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const cache = new RedisSessionCache(client);
    for (let count = 0; count < 30; count++) await cache.set(`old ${count}`, { userId: 7 }, 1000);
    await cache.clear();
    for (let count = 0; count < 30; count++) await cache.set(`new ${count}`, { userId: 7 }, 1000);
    expect((await client.keys('{onehost}:s:*')).length).toBe(30);
    expect(await client.exists('{onehost}:sweep')).toBe(0);
  });

  test('an index whose sessions have all expired is gone, without anybody’s doing', async () => {
    const { server } = await start();
    const client = await connect(server.port);
    const cache = new RedisSessionCache(client);
    await cache.set('long', { userId: 7 }, 1000);
    await cache.set('short', { userId: 7 }, 0.05);
    await cache.touch('long', 0.05);
    await wait(100);
    expect(await client.keys('{onehost}:[su]:*')).toEqual([]);
  });
});
