import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type RedisClient,
  RedisJobLedger,
  RedisLeaseStore,
  RedisSessionCache,
} from '../../../src/redis.ts';
import { freePort, RedisServer, type RedisServerOptions } from '../../support/redis-server.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { lacksRedis } from './redis-place.ts';

const PATIENCE_MILLISECONDS = 30_000;
const SLOTS = 16_384;

async function start(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = new TemporaryFolder();
  const server = await RedisServer.start(folder.path, options);
  onTestFinished(async () => {
    await server.stop('SIGKILL');
    folder[Symbol.dispose]();
  });
  return server;
}

async function tell(server: RedisServer, ...command: string[]): Promise<string> {
  const client = createClient({ url: server.url });
  client.on('error', () => {});
  await client.connect();
  const answer = await client.sendCommand(command);
  client.destroy();
  return typeof answer === 'string' ? answer : JSON.stringify(answer);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > end) throw new Error('It does not become so.');
    await wait(20);
  }
}

/** That many servers which share the slots among them, each as many. */
async function startCluster(count: number): Promise<RedisServer[]> {
  const servers: RedisServer[] = [];
  const buses: string[] = [];
  for (let index = 0; index < count; index++) {
    const bus = String(await freePort());
    buses.push(bus);
    const settings = {
      'cluster-enabled': 'yes',
      'cluster-port': bus,
      'cluster-node-timeout': '15000',
    };
    servers.push(await start({ settings }));
  }
  const [first] = servers as [RedisServer];
  const bound = (index: number) => Math.floor((index * SLOTS) / count);
  for (const [index, server] of servers.entries()) {
    const range = [String(bound(index)), String(bound(index + 1) - 1)];
    await tell(server, 'CLUSTER', 'ADDSLOTSRANGE', ...range);
    const bus = buses[index] as string;
    await tell(first, 'CLUSTER', 'MEET', '127.0.0.1', String(server.port), bus);
  }
  for (const server of servers) {
    await until(async () => /cluster_state:ok/.test(await tell(server, 'CLUSTER', 'INFO')));
  }
  return servers;
}

async function connectToCluster(servers: readonly RedisServer[]) {
  const cluster = createCluster({ rootNodes: servers.map(({ url }) => ({ url })) });
  cluster.on('error', () => {});
  await cluster.connect();
  onTestFinished(() => cluster.destroy());
  return cluster;
}

/** The slot of a key on its way from the server that it is on to another one, as `redis-cli --cluster reshard` moves it. */
async function moveOf(key: string, servers: readonly RedisServer[]) {
  const [first, second] = servers as [RedisServer, RedisServer];
  const slot = await tell(first, 'CLUSTER', 'KEYSLOT', key);
  const isOnFirst = Number(slot) < SLOTS / servers.length;
  const [from, to] = isOnFirst ? [first, second] : [second, first];
  const [source, target] = [await tell(from, 'CLUSTER', 'MYID'), await tell(to, 'CLUSTER', 'MYID')];
  const setSlot = (server: RedisServer, ...how: string[]) =>
    tell(server, 'CLUSTER', 'SETSLOT', slot, ...how);
  const carryOver = (...keys: string[]) =>
    tell(from, 'MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
  return {
    begin: async () => {
      await setSlot(to, 'IMPORTING', source);
      await setSlot(from, 'MIGRATING', target);
    },
    carryOver,
    end: async () => {
      await carryOver(...JSON.parse(await tell(from, 'CLUSTER', 'GETKEYSINSLOT', slot, '100')));
      await setSlot(to, 'NODE', target);
      await setSlot(from, 'NODE', target);
    },
  };
}

let uses = 0;

/** Each kind of command once, and that they see what the others did. */
async function useAll(client: RedisClient): Promise<void> {
  uses++;
  const cache = new RedisSessionCache(client, { prefix: `sessions-${uses}` });
  await cache.set('token', { userId: 7 }, 60);
  await cache.set('another', { userId: 7 }, 60);
  expect(await cache.get('token')).toEqual({ userId: 7 });
  expect(await cache.touch('token', 30)).toBe(true);
  const load = () => ({ session: { userId: 8 }, ttlSeconds: 60 });
  expect(await cache.getOrLoad('loaded', load)).toEqual({ userId: 8 });
  expect((await cache.listByUser(7)).length).toBe(2);
  expect(await cache.invalidate('token')).toBe(true);
  expect(await cache.get('token')).toBeNull();
  expect(await cache.invalidateByUser(7)).toBe(1);
  await cache.clear();
  expect(await cache.get('loaded')).toBeNull();
  expect((await cache.purgeExpired()).complete).toBe(true);

  const leases = new RedisLeaseStore(client, { prefix: `jobs-${uses}` });
  const ledger = new RedisJobLedger(leases);
  const lease = await leases.acquire('lease');
  await lease.renew();
  await ledger.register(lease, { name: 'job', schedule: 'hourly', startAt: new Date(0) });
  expect(await ledger.begin(lease, 'job', new Date(1))).toBe(true);
  expect((await ledger.runs('job')).length).toBe(1);
  expect((await leases.list()).length).toBe(1);
  await leases.close();
}

describe.skipIf(lacksRedis)('all of it works', () => {
  test('by a client, and by one that speaks RESP2 or gives buffers to the app', async () => {
    const { url } = await start();
    for (const options of [{}, { RESP: 2 as const }]) {
      const client = createClient({ url, ...options });
      await client.connect();
      await useAll(client);
      client.destroy();
    }
    const client = createClient({ url, commandOptions: { typeMapping: { 36: Buffer } } });
    await client.connect();
    await useAll(client);
    client.destroy();
  });

  test('by a pool of clients', async () => {
    const { url } = await start();
    const pool = createClientPool({ url });
    pool.on('error', () => {});
    await pool.connect();
    await useAll(pool);
    pool.destroy();
  });

  test('in a Cluster, whose keys of one prefix are on one server', async () => {
    const servers = await startCluster(3);
    const cluster = await connectToCluster(servers);
    await useAll(cluster);
    // Two prefixes on two of the three servers, at least.
    for (const prefix of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const cache = new RedisSessionCache(cluster, { prefix });
      await cache.set('token', { userId: 7 }, 60);
    }
    const sizes = await Promise.all(
      servers.map(async (each) => Number(await tell(each, 'DBSIZE'))),
    );
    expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(1);
  });

  test('in a Cluster, and while keys move to another of its servers nothing is taken for gone that has not come yet', async () => {
    const servers = await startCluster(2);
    const cluster = await connectToCluster(servers);
    const cache = new RedisSessionCache(cluster, { prefix: 'moving' });
    const leases = new RedisLeaseStore(cluster, { prefix: 'moving' });
    const others = new RedisLeaseStore(cluster, { prefix: 'moving' });
    await cache.set('token', { userId: 7 }, 60);
    const lease = await leases.acquire('lease');
    const move = await moveOf('{moving}:', servers);
    await move.begin();
    const unavailable = { code: 'ONEHOST_CACHE_UNAVAILABLE' };
    await expect(cache.invalidate('token')).rejects.toMatchObject(unavailable);
    await expect(cache.invalidateByUser(7)).rejects.toMatchObject(unavailable);
    await expect(cache.set('another', { userId: 7 }, 60)).rejects.toMatchObject(unavailable);
    await expect(others.tryAcquire('lease')).rejects.toMatchObject({
      code: 'ONEHOST_LEASE_STORE_UNAVAILABLE',
    });
    await move.carryOver('{moving}:generation');
    await expect(cache.invalidate('token')).rejects.toMatchObject(unavailable);
    await move.end();
    expect(await cache.get('token')).toEqual({ userId: 7 });
    expect(await cache.invalidateByUser(7)).toBe(1);
    expect(await cache.get('token')).toBeNull();
    await lease.renew();
    expect(await others.tryAcquire('lease')).toBeNull();
    await leases.close();
  });

  test('by Sentinel, also after the primary was killed and a replica is in its place', async () => {
    const primary = await start();
    const replica = await start({ settings: { replicaof: `127.0.0.1 ${primary.port}` } });
    await until(async () =>
      /master_link_status:up/.test(await tell(replica, 'INFO', 'replication')),
    );
    using folder = new TemporaryFolder();
    const sentinelFile = folder.file('sentinel.conf');
    writeFileSync(
      sentinelFile,
      [
        `sentinel monitor app 127.0.0.1 ${primary.port} 1`,
        // A primary that is only slow stays one.
        'sentinel down-after-milliseconds app 30000',
        'sentinel failover-timeout app 2000',
      ].join('\n'),
    );
    const watcher = await start({ sentinelFile });
    // It learns of the replica from the primary.
    await until(async () =>
      (await tell(watcher, 'SENTINEL', 'REPLICAS', 'app')).includes(String(replica.port)),
    );
    const sentinel = createSentinel({
      name: 'app',
      sentinelRootNodes: [{ host: '127.0.0.1', port: watcher.port }],
      replicaPoolSize: 1,
    });
    sentinel.on('error', () => {});
    await sentinel.connect();
    await useAll(sentinel);
    const cache = new RedisSessionCache(sentinel, { timeoutSeconds: 1 });
    await cache.set('token', { userId: 7 }, 600);
    await tell(primary, 'WAIT', '1', '1000');
    await until(async () => (await tell(replica, 'DBSIZE')) === (await tell(primary, 'DBSIZE')));
    await primary.stop('SIGKILL');
    await tell(watcher, 'SENTINEL', 'SET', 'app', 'down-after-milliseconds', '500');
    await until(async () => (await cache.get('token')) !== null);
    // What had no answer may have been done: whether it was there is not asked.
    await until(() => cache.invalidate('token').then(() => true));
    const patient = new RedisSessionCache(sentinel, { timeoutSeconds: 20 });
    expect(await patient.get('token')).toBeNull();
    await sentinel.destroy();
  });
});

describe.skipIf(lacksRedis)(
  'a Sentinel’s client, which sends again what it had no answer to',
  () => {
    test('sets a session once, and does not undo an invalidation that came between', async () => {
      const server = await start();
      await using relay = await TcpRelay.before(server.port);
      using folder = new TemporaryFolder();
      const sentinelFile = folder.file('sentinel.conf');
      writeFileSync(
        sentinelFile,
        `sentinel monitor app 127.0.0.1 ${relay.port} 1\nsentinel down-after-milliseconds app 60000\n`,
      );
      const watcher = await start({ sentinelFile });
      const sentinel = createSentinel({
        name: 'app',
        sentinelRootNodes: [{ host: '127.0.0.1', port: watcher.port }],
      });
      sentinel.on('error', () => {});
      await sentinel.connect();
      onTestFinished(() => sentinel.destroy());
      const direct = createClient({ url: server.url });
      direct.on('error', () => {});
      await direct.connect();
      onTestFinished(() => direct.destroy());
      const cache = new RedisSessionCache(sentinel, { timeoutSeconds: 30 });
      const other = new RedisSessionCache(direct);
      await cache.set('earlier', { userId: 7 }, 60);
      const before = await executions(server);

      relay.holdAnswers();
      const set = cache.set('token', { userId: 7 }, 60);
      await until(async () => (await other.get('token')) !== null);
      expect(await other.invalidate('token')).toBe(true);
      for (const client of relay.clients) client.destroy();
      await set;
      // The set, the invalidation, and the set again.
      expect((await executions(server)) - before).toBeGreaterThanOrEqual(3);
      expect(await other.get('token')).toBeNull();
      // Each call is one of its own.
      await cache.set('token', { userId: 8 }, 60);
      expect(await other.get('token')).toEqual({ userId: 8 });
      for (const key of await direct.keys('{onehost}:put:*')) {
        expect(await direct.pTTL(key)).toBeGreaterThan(0);
      }
    });
  },
);

async function executions(server: RedisServer): Promise<number> {
  const stats = await tell(server, 'INFO', 'commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}
