import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CacheUnavailableError } from '../../../src/index.ts';
import { RedisLeaseStore, RedisSessionCache } from '../../../src/redis.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { lacksRedis } from './redis-place.ts';

/** A few in each run of the tests; `ONEHOST_OUTAGE_ROUNDS=20` for the long form. */
const ROUNDS = Number(process.env['ONEHOST_OUTAGE_ROUNDS'] ?? 3);

const TIMEOUT = 0.5;
/** Of what is not about the deadline. */
const PATIENCE = 20;
const SLACK_MILLISECONDS = 1000;
/** From the server's first answer until a call of the cache succeeds. */
const RECOVERY_MILLISECONDS = 2000;

const TOKENS = 50;
const WORKERS = 8;

/** Each write is on disk before it is answered. */
const settings = { appendonly: 'yes', appendfsync: 'always' };

/**
 * What is known of a token: whether its last change that was answered was an invalidation, and whether a change came after it whose outcome is
 * not known.
 */
interface Known {
  revoked: boolean;
  uncertain: boolean;
  /** One change at a time, so that their order is known. */
  busy: boolean;
}

class Load {
  readonly known: Known[] = Array.from({ length: TOKENS }, () => ({
    revoked: false,
    uncertain: false,
    busy: false,
  }));
  answered = 0;
  refused = 0;
  longest = 0;
  #isOver = false;
  readonly #cache: RedisSessionCache;
  readonly #workers: Promise<void>[];

  constructor(cache: RedisSessionCache) {
    this.#cache = cache;
    this.#workers = Array.from({ length: WORKERS }, (_, index) => this.#work(index));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }

  async #work(seed: number): Promise<void> {
    for (let step = seed; !this.#isOver; step += 7) {
      const index = step % TOKENS;
      const known = this.known[index] as Known;
      if (known.busy) {
        await wait(1);
        continue;
      }
      known.busy = true;
      await this.#change(`token ${index}`, known, step % 3);
      known.busy = false;
    }
  }

  async #change(token: string, known: Known, kind: number): Promise<void> {
    const begin = performance.now();
    const { revoked } = known;
    try {
      if (kind === 0) {
        known.uncertain = true;
        await this.#cache.set(token, { userId: 7 }, 600);
        Object.assign(known, { revoked: false, uncertain: false });
      } else if (kind === 1) {
        await this.#cache.invalidate(token);
        Object.assign(known, { revoked: true, uncertain: false });
      } else {
        const session = await this.#cache.get(token);
        if (revoked && !known.uncertain && session !== null) {
          throw new Error(`${token} is there although it was invalidated.`);
        }
      }
      this.answered++;
    } catch (error) {
      if (!(error instanceof CacheUnavailableError)) throw error;
      this.refused++;
    } finally {
      this.longest = Math.max(this.longest, performance.now() - begin);
    }
  }
}

async function connect(port: number) {
  const url = `redis://127.0.0.1:${port}`;
  // Its own strategy waits up to two seconds, as long as the recovery may take.
  const client = createClient({ url, socket: { reconnectStrategy: () => 50 } });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

describe.skipIf(lacksRedis)(
  'a server that is killed under load, and comes back with what it wrote',
  () => {
    test(
      `over ${ROUNDS} rounds no invalidation that returned is undone, and nothing hangs`,
      async () => {
        // A process that is killed loses nothing of what it has written there either.
        const folder = TemporaryFolder.inMemory();
        let server = await RedisServer.start(folder.path, { settings });
        const { port } = server;
        onTestFinished(async () => {
          await server.stop('SIGKILL');
          folder[Symbol.dispose]();
        });
        const unhandled: unknown[] = [];
        const onUnhandled = (reason: unknown) => unhandled.push(reason);
        process.on('unhandledRejection', onUnhandled);
        onTestFinished(() => {
          process.off('unhandledRejection', onUnhandled);
        });
        const client = await connect(port);
        const cache = new RedisSessionCache(client, { timeoutSeconds: TIMEOUT });
        const patient = new RedisSessionCache(client, { timeoutSeconds: PATIENCE });
        const leases = new RedisLeaseStore(client, { timeoutSeconds: PATIENCE });
        const lag = monitorEventLoopDelay({ resolution: 10 });
        lag.enable();
        const load = new Load(cache);
        let lastToken = 0;
        for (let round = 0; round < ROUNDS; round++) {
          const lease = await leases.acquire(`lease ${round % 2}`, { timeoutSeconds: 30 });
          expect(lease.fencingToken).toBeGreaterThan(lastToken);
          lastToken = lease.fencingToken;
          await lease.release();
          await wait(100 + 37 * (round % 5));
          await server.stop('SIGKILL');
          await wait(300);
          server = await RedisServer.start(folder.path, { port, settings });
          const back = performance.now();
          for (;;) {
            const answered = load.answered;
            await wait(5);
            if (load.answered > answered) break;
            if (performance.now() - back > 10_000) throw new Error('It does not go on.');
          }
          expect(performance.now() - back).toBeLessThan(RECOVERY_MILLISECONDS);
        }
        await load.end();
        lag.disable();
        for (const [index, known] of load.known.entries()) {
          if (!known.revoked || known.uncertain) continue;
          expect(await patient.get(`token ${index}`), `token ${index}`).toBeNull();
        }
        expect(load.refused, 'the server was gone').toBeGreaterThan(0);
        expect(load.known.some(({ revoked, uncertain }) => revoked && !uncertain)).toBe(true);
        // While this process stands still, nobody is told.
        const longest = load.longest - lag.max / 1e6;
        expect(longest).toBeLessThan(TIMEOUT * 1000 + SLACK_MILLISECONDS);
        // None of them has entries that its index does not name.
        const listed = await patient.listByUser(7);
        let live = 0;
        for (let index = 0; index < TOKENS; index++) {
          if ((await patient.get(`token ${index}`)) !== null) live++;
        }
        expect(listed.length).toBe(live);
        await leases.close();
        expect(unhandled).toEqual([]);
      },
      30_000 + ROUNDS * 5_000,
    );
  },
);
