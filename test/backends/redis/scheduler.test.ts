import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Scheduler } from '../../../src/index.ts';
import { RedisJobLedger, RedisLeaseStore } from '../../../src/redis.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { lacksRedis } from './redis-place.ts';

const PATIENCE_MILLISECONDS = 15_000;

describe.skipIf(lacksRedis)('a scheduler on Redis', () => {
  test('runs each tick once, over handovers and a restart of the server', async () => {
    // A process that is killed loses nothing of what it has written there either.
    const folder = TemporaryFolder.inMemory();
    const settings = { appendonly: 'yes', appendfsync: 'always' };
    let server = await RedisServer.start(folder.path, { settings });
    onTestFinished(async () => {
      await server.stop('SIGKILL');
      folder[Symbol.dispose]();
    });
    const began = new Map<number, number>();
    const runners = new Set<string>();

    async function startInstance() {
      const client = createClient({ url: server.url });
      client.on('error', () => {});
      await client.connect();
      onTestFinished(() => client.destroy());
      const leases = new RedisLeaseStore(client, { timeoutSeconds: 0.3 });
      const ledger = new RedisJobLedger(leases);
      const scheduler = new Scheduler({ leases, ledger, durationSeconds: 1, onError: () => {} });
      const job = ({ scheduledFor }: { scheduledFor: Date }) => {
        began.set(+scheduledFor, (began.get(+scheduledFor) ?? 0) + 1);
        runners.add(leases.instance.id);
      };
      scheduler.add({ name: 'job', everySeconds: 0.1, run: job });
      scheduler.start();
      return { client, scheduler, leases };
    }

    const until = async (isSo: () => boolean) => {
      const end = performance.now() + PATIENCE_MILLISECONDS;
      while (!isSo()) {
        if (performance.now() > end) throw new Error('It does not become so.');
        await wait(10);
      }
    };

    const first = await startInstance();
    const second = await startInstance();
    await until(() => began.size >= 3);
    await server.stop('SIGKILL');
    await wait(500);
    server = await RedisServer.start(folder.path, { port: server.port, settings });
    const before = began.size;
    await until(() => began.size >= before + 3);
    const owner = runners.values().next().value === first.leases.instance.id ? first : second;
    const standby = owner === first ? second : first;
    await owner.scheduler.stop();
    await owner.leases.close();
    await until(() => runners.has(standby.leases.instance.id));
    await wait(300);
    await standby.scheduler.stop();
    expect([...began.values()].filter((times) => times !== 1)).toEqual([]);
    const patient = new RedisLeaseStore(standby.client, { timeoutSeconds: 20 });
    const runs = await new RedisJobLedger(patient).runs('job');
    for (const tick of began.keys()) {
      expect(runs.some(({ scheduledFor }) => +scheduledFor === tick)).toBe(true);
    }
    await standby.leases.close();
  });

  test('is told by a run that there are no transactions', async () => {
    const folder = new TemporaryFolder();
    const server = await RedisServer.start(folder.path);
    const client = createClient({ url: server.url });
    await client.connect();
    onTestFinished(async () => {
      client.destroy();
      await server.stop();
      folder[Symbol.dispose]();
    });
    const leases = new RedisLeaseStore(client);
    const lease = await leases.acquire('lease');
    await expect(lease.transaction()).rejects.toMatchObject({
      code: 'ONEHOST_INVALID_TRANSACTION',
      message: expect.stringContaining('fencingToken'),
    });
    const other = new RedisLeaseStore(client);
    const ledger = new RedisJobLedger(other);
    const begin = ledger.begin(lease as never, 'job', new Date(0));
    await expect(begin).rejects.toMatchObject({ code: 'ONEHOST_INVALID_OPTION' });
    const none = ledger.begin(null as never, 'job', new Date(0));
    await expect(none).rejects.toMatchObject({ code: 'ONEHOST_INVALID_OPTION' });
    await leases.close();
  });
});
