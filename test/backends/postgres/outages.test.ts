import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { isOnehostError } from '../../../src/index.ts';
import {
  type OnehostPostgres,
  openPostgres,
  PostgresLeaseStore,
  PostgresSessionCache,
} from '../../../src/postgres.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { eventually } from '../../support/eventually.ts';
import { lacksPostgres, PostgresServer, signal } from '../../support/postgres-server.ts';
import { OpenTransaction } from './open-transaction.ts';

/** A few in `npm test`; `ONEHOST_OUTAGE_ROUNDS=20` is the long form. */
const ROUNDS = Number(process.env['ONEHOST_OUTAGE_ROUNDS'] ?? 2);

const TIMEOUT_SECONDS = 1;
/** How long a call may take beyond its deadline, on a busy machine; what this process was kept from running for does not count. */
const GRACE_MILLISECONDS = 1000;
const RECOVERY_MILLISECONDS = 2000;

const loaded = (userId: number) => ({ session: { userId }, ttlSeconds: 600 });
const unavailable = expect.objectContaining({ code: 'ONEHOST_CACHE_UNAVAILABLE' });

describe.skipIf(lacksPostgres)('while PostgreSQL cannot be asked', () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  let postgres: OnehostPostgres;
  let cache: PostgresSessionCache;
  let patient: PostgresSessionCache;
  let rejections: unknown[];
  const note = (reason: unknown) => rejections.push(reason);

  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    rejections = [];
    process.on('unhandledRejection', note);
    if (!server.isRunning) await server.startAgain();
    pool = server.pool({ application_name: 'app', max: 4 });
    postgres = await openPostgres(pool);
    cache = new PostgresSessionCache(postgres, { timeoutSeconds: TIMEOUT_SECONDS });
    patient = new PostgresSessionCache(postgres, { timeoutSeconds: 20 });
  });

  afterEach(async () => {
    process.off('unhandledRejection', note);
    await pool.end();
    expect(rejections).toEqual([]);
  });

  test(`killed and started again under load ${ROUNDS} times: nothing that was ended comes back, and nobody hangs`, async () => {
    const revoked = new Set<number>();
    const wrong: string[] = [];
    let calls = 0;
    let refused = 0;
    let longest = 0;
    let late = Number.NEGATIVE_INFINITY;
    let isOver = false;
    const stalls = monitorEventLoopDelay({ resolution: 10 });
    stalls.enable();

    const call = async <T>(
      ask: () => Promise<T> | Promise<unknown>,
      deadlines = 1,
    ): Promise<T | undefined> => {
      const begun = performance.now();
      try {
        calls++;
        return (await ask()) as T;
      } catch (error) {
        if (!isOnehostError(error)) wrong.push(`not an error of ours: ${error}`);
        refused++;
        return undefined;
      } finally {
        const took = performance.now() - begun;
        longest = Math.max(longest, took);
        late = Math.max(late, took - deadlines * TIMEOUT_SECONDS * 1000);
      }
    };
    // It asks up to three times, each with a deadline of its own: get, fence, fill.
    const getOrLoad = (token: string, load: () => ReturnType<typeof loaded> | null) =>
      call(() => cache.getOrLoad(token, load), 3);
    const play = async (player: number) => {
      for (let turn = 0; !isOver; turn++) {
        const user = player * 100_000 + turn;
        const token = `token ${user}`;
        const load = () => (revoked.has(user) ? null : loaded(user));
        if (turn % 3 === 0) await call(() => cache.set(token, { userId: user }, 600));
        else await getOrLoad(token, load);
        revoked.add(user);
        const ended = await call(() =>
          turn % 2 === 0 ? cache.invalidate(token) : cache.invalidateByUser(user),
        );
        if (ended === undefined) continue;
        checked.push({ token, load });
        if ((await getOrLoad(token, load)) != null) wrong.push(token);
        // While there is nobody to ask, each call fails at once.
        await wait(1);
      }
    };
    const checked: { token: string; load: () => ReturnType<typeof loaded> | null }[] = [];
    const players = Array.from({ length: 8 }, (_, player) => play(player));
    const recoveries: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await wait(200 + 300 * Math.random());
      await server.kill();
      await wait(300 * Math.random());
      await server.startAgain();
      const back = performance.now();
      while (
        (await call(() => cache.set('probe', { userId: 'probe' }, 60).then(() => true))) !== true
      ) {
        await wait(5);
      }
      recoveries.push(performance.now() - back);
    }
    await wait(200);
    isOver = true;
    await Promise.all(players);
    stalls.disable();
    const stalled = stalls.max / 1e6;
    for (const { token, load } of checked) {
      if ((await patient.getOrLoad(token, load)) !== null) wrong.push(`${token} in the end`);
    }
    console.log(
      `${ROUNDS} outages: ${calls} calls, ${refused} refused, ${checked.length} invalidations that returned; ` +
        `longest call ${Math.round(longest)} ms, longest recovery ${Math.round(Math.max(...recoveries))} ms`,
    );
    expect(wrong).toEqual([]);
    expect(checked.length).toBeGreaterThan(10);
    expect(refused).toBeGreaterThan(0);
    expect(late - stalled).toBeLessThan(GRACE_MILLISECONDS);
    expect(Math.max(...recoveries) - stalled).toBeLessThan(RECOVERY_MILLISECONDS);
  }, 600_000);

  test('a server that hangs costs each call its deadline, and the pool is whole again afterwards', async () => {
    const clock = new ManualClock();
    const own = new PostgresSessionCache(await openPostgres(pool, { clock }), {
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    await Promise.all([1, 2, 3, 4].map((user) => own.set(`token ${user}`, { userId: user }, 60)));
    const pids = await server.backendsOf('app');
    expect(pids.length).toBeGreaterThan(1);
    for (const pid of pids) signal(pid, 'SIGSTOP');
    const asked = Array.from({ length: 50 }, () => own.get('token 1'));
    const answered = Promise.allSettled(asked);
    await eventually(() => expect(pool.idleCount).toBe(0));
    clock.advance(TIMEOUT_SECONDS);
    const answers = await answered;
    for (const answer of answers.slice(0, pids.length)) {
      expect(answer).toEqual({ status: 'rejected', reason: unavailable });
    }
    // Each that hung gave way to a new connection: the rest of the server answers.
    expect(await patient.get('token 1')).toEqual({ userId: 1 });
    await eventually(() => expect(pool.waitingCount).toBe(0));
    expect(pool.totalCount).toBeLessThanOrEqual(4);
    for (const pid of pids) signal(pid, 'SIGCONT');
  });

  test('what waited for a connection until its deadline is not sent when one comes free', async () => {
    const clock = new ManualClock();
    const own = new PostgresSessionCache(await openPostgres(pool, { clock }), {
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    await own.set('token', { userId: 7 }, 60);
    const position = async () =>
      (await server.query('select last_value from onehost.fence_position')).rows[0].last_value;
    const before = await position();
    const taken = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
    const asked = Array.from({ length: 20 }, () => own.invalidate('token'));
    const answered = Promise.allSettled(asked);
    await eventually(() => expect(pool.waitingCount).toBe(20));
    clock.advance(TIMEOUT_SECONDS);
    const given = await answered;
    for (const client of taken) client.release();
    for (const answer of given) expect(answer).toEqual({ status: 'rejected', reason: unavailable });
    await eventually(() => expect(pool.waitingCount).toBe(0));
    expect(await own.get('token')).toEqual({ userId: 7 });
    expect(await position()).toBe(before);
  });

  test('a connection that pg itself gave up waiting on does not go back to the pool', async () => {
    const impatient = server.pool({ max: 3, query_timeout: 2000, application_name: 'impatient' });
    const own = new PostgresSessionCache(await openPostgres(impatient), { timeoutSeconds: 20 });
    await own.set('token', { userId: 7 }, 60);
    using _open = await OpenTransaction.of(
      server.pool(),
      'update onehost.sessions set touched_at = touched_at',
    );
    await expect(own.touch('token', 60)).rejects.toThrow(unavailable);
    expect(impatient.totalCount).toBe(impatient.idleCount);
    // By the same connection it would wait for the end of what goes on there.
    expect(await own.get('token')).toEqual({ userId: 7 });
  });

  test('a call does not wait for a lock for longer than its deadline, here and on the server', async () => {
    await patient.set('token', { userId: 7 }, 60);
    using _open = await OpenTransaction.of(
      server.pool(),
      'update onehost.sessions set touched_at = touched_at',
    );
    await expect(cache.touch('token', 60)).rejects.toThrow(unavailable);
    const waiting =
      "select 1 from pg_stat_activity where application_name = 'app' and state = 'active'";
    // Without a limit it would wait there until statement_timeout, for 20 s.
    await vi.waitFor(async () => expect((await server.query(waiting)).rows).toEqual([]), {
      timeout: 10_000,
    });
  });

  test('with readsWhenUnavailable: miss, reads go on without it, and invalidations throw', async () => {
    const going = new PostgresSessionCache(postgres, {
      timeoutSeconds: 20,
      readsWhenUnavailable: 'miss',
    });
    await going.set('token', { userId: 7 }, 60);
    await server.kill();
    expect(await going.get('token')).toBeNull();
    expect(await going.getOrLoad('token', () => loaded(7))).toEqual({ userId: 7 });
    await expect(going.invalidate('token')).rejects.toThrow(unavailable);
    await expect(cache.get('token')).rejects.toThrow(unavailable);
  });

  test('a holder gives up its lease by its own clock, a standby waits on, and one has it when the server is back', async () => {
    const clock = new ManualClock();
    const store = new PostgresLeaseStore(await openPostgres(pool, { clock }));
    const standby = new PostgresLeaseStore(await openPostgres(server.pool()), {
      timeoutSeconds: 20,
    });
    const lease = await store.acquire('lease', { durationSeconds: 3 });
    const waiting = standby.acquire('lease');
    await server.kill();
    // A tenth before others may have it.
    clock.advance(2.69);
    expect(lease.signal.aborted).toBe(false);
    clock.advance(0.02);
    expect(lease.signal.aborted).toBe(true);
    await expect(lease.transaction(() => {})).rejects.toThrow(
      expect.objectContaining({ code: 'ONEHOST_LEASE_LOST' }),
    );
    await server.startAgain();
    const next = await waiting;
    expect(next.fencingToken).toBeGreaterThan(lease.fencingToken);
    await standby.close();
    await store.close();
  });
});
