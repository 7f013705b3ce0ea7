import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { TrackingClient as Client } from '../../../src/backends/redis/tracking-connection.ts';
import { type RedisLease, RedisLeaseStore } from '../../../src/redis.ts';
import { lacksRedis, RedisPlace } from './redis-place.ts';

describe.skipIf(lacksRedis)('a takeover of a lease in Redis that looks overdue', () => {
  const place = RedisPlace.forThisFile();
  let lease: RedisLease;
  let standby: RedisLeaseStore;
  let another: RedisLeaseStore;
  let client: WatchedClient;

  beforeEach(async () => {
    const { prefix, clock } = place.fresh();
    onTestFinished(() => place.disconnect());
    const open = (by: Client) => new RedisLeaseStore(by, { prefix, clock });
    lease = await open(await place.connect()).acquire('lease');
    client = new WatchedClient(await place.connect());
    [standby, another] = [open(client.watched), open(await place.connect())];
    // After it the server has the scripts, and the next answer is that to the look.
    await standby.tryAcquire('of its own');
    // Overdue for whoever looks for the first time now, while the holder goes by its own clock.
    place.setWallClockBy(60);
  });

  test('is made when nobody renews it', async () => {
    expect((await standby.tryAcquire('lease'))?.reason).toBe('expired');
  });

  test('is none when the holder has renewed it since the look', async () => {
    client.afterNextAnswer = () => lease.renew();
    expect(await standby.tryAcquire('lease')).toBeNull();
    await lease.renew();
  });

  test('is none when another standby was faster', async () => {
    client.afterNextAnswer = () => another.tryAcquire('lease');
    expect(await standby.tryAcquire('lease')).toBeNull();
    const [held] = (await standby.list()).filter(({ name }) => name === 'lease');
    expect(held?.holder?.id).toBe(another.instance.id);
  });

  test('that was made without its answer being heard is made good at once by the store that asked for it, and by no other', async () => {
    // That to the look is heard, and the one after it is lost.
    client.afterNextAnswer = async () => {
      client.afterNextAnswer = () => Promise.reject(new Error('The connection was lost'));
    };
    await expect(standby.tryAcquire('lease')).rejects.toMatchObject({
      code: 'ONEHOST_LEASE_STORE_UNAVAILABLE',
    });
    expect(await another.tryAcquire('lease')).toBeNull();
    const had = await standby.tryAcquire('lease');
    expect(had?.reason).toBe('released');
    await had?.renew();
  });
});

/** A client that lets something happen between an answer of the server and whoever waits for it. */
class WatchedClient {
  readonly watched: Client;
  afterNextAnswer: () => Promise<unknown> = async () => {};

  constructor(client: Client) {
    this.watched = new Proxy(client, {
      get: (target, name) => {
        if (name === 'sendCommand') return (...args: [string[]]) => this.#send(target, args);
        const found = Reflect.get(target, name, target) as unknown;
        return typeof found === 'function' ? found.bind(target) : found;
      },
    });
  }

  async #send(client: Client, args: [string[]]): Promise<unknown> {
    const answer = await client.sendCommand(...args);
    const meanwhile = this.afterNextAnswer;
    this.afterNextAnswer = async () => {};
    await meanwhile();
    return answer;
  }
}
