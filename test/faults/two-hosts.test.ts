import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LeaseStore, SessionCache } from '../../src/index.ts';
import { openPostgres, PostgresLeaseStore, PostgresSessionCache } from '../../src/postgres.ts';
import { RedisLeaseStore, RedisSessionCache } from '../../src/redis.ts';
import { lacksRedis } from '../backends/redis/redis-place.ts';
import { lacksPostgres, PostgresServer } from '../support/postgres-server.ts';
import { RedisServer } from '../support/redis-server.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** What a host has, whose every byte to the server goes by a link of its own. */
interface Host {
  readonly link: TcpRelay;
  readonly sessions: SessionCache;
  readonly leases: LeaseStore;
}

const DURATION_SECONDS = 2;

async function linkTo(port: number): Promise<TcpRelay> {
  const link = await TcpRelay.before(port);
  onTestFinished(() => link.refuse());
  return link;
}

async function hostsOnRedis(timeoutSeconds: number): Promise<[Host, Host]> {
  const folder = new TemporaryFolder();
  const server = await RedisServer.start(folder.path);
  onTestFinished(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });
  const host = async (): Promise<Host> => {
    const link = await linkTo(server.port);
    const client = createClient({ url: `redis://127.0.0.1:${link.port}` });
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.destroy());
    const options = { timeoutSeconds };
    return {
      link,
      sessions: new RedisSessionCache(client, options),
      leases: new RedisLeaseStore(client, options),
    };
  };
  return [await host(), await host()];
}

async function hostsOnPostgres(timeoutSeconds: number): Promise<[Host, Host]> {
  const server = await PostgresServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const host = async (): Promise<Host> => {
    const link = await linkTo(server.port);
    const pool = server.pool({
      port: link.port,
      connectionTimeoutMillis: 2000 * timeoutSeconds,
      statement_timeout: 2000 * timeoutSeconds,
    });
    const database = await openPostgres(pool);
    const options = { timeoutSeconds };
    return {
      link,
      sessions: new PostgresSessionCache(database, options),
      leases: new PostgresLeaseStore(database, options),
    };
  };
  return [await host(), await host()];
}

const servers = [
  { name: 'Redis', lacks: lacksRedis, hosts: hostsOnRedis },
  { name: 'PostgreSQL', lacks: lacksPostgres, hosts: hostsOnPostgres },
];

describe.each(servers)('two hosts that share one $name', ({ lacks, hosts }) => {
  test.skipIf(lacks)('see at the next read what the other has invalidated', async () => {
    const [here, there] = await hosts(20);
    for (let round = 0; round < 50; round++) {
      await here.sessions.set('token', { userId: 7 }, 60);
      expect(await there.sessions.get('token')).toEqual({ userId: 7 });
      expect(await there.sessions.invalidateByUser(7)).toBe(1);
      expect(await here.sessions.get('token')).toBeNull();
    }
  });

  test.skipIf(lacks)(
    'and the link of one is cut: its lease ends by itself, before the other takes over',
    async () => {
      const [cut, other] = await hosts(0.5);
      const lease = await cut.leases.acquire('jobs', { durationSeconds: DURATION_SECONDS });
      const ended = new Promise<number>((resolve) => {
        lease.signal.addEventListener('abort', () => resolve(performance.now()));
      });
      const begun = performance.now();
      cut.link.hold();
      const next = await other.leases.acquire('jobs', { timeoutSeconds: 20 });
      const takenOver = performance.now();
      expect(lease.signal.aborted).toBe(true);
      expect(lease.isHeld()).toBe(false);
      expect(await ended).toBeLessThan(takenOver);
      expect(takenOver - begun).toBeGreaterThan((DURATION_SECONDS * 1000) / 2);
      expect(next.fencingToken).toBeGreaterThan(lease.fencingToken);
      await expect(cut.sessions.invalidate('token')).rejects.toMatchObject({
        code: 'ONEHOST_CACHE_UNAVAILABLE',
      });
      await expect(lease.renew()).rejects.toMatchObject({ code: 'ONEHOST_LEASE_LOST' });
      cut.link.goOn();
      await expect(lease.renew()).rejects.toMatchObject({ code: 'ONEHOST_LEASE_LOST' });
      expect(next.isHeld()).toBe(true);
    },
  );
});
