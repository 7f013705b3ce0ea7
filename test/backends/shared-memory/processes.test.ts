import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';
import { runTogether } from '../../support/child-process.ts';
import { eventually } from '../../support/eventually.ts';
import type { TemporaryFolder } from '../../support/temporary-folder.ts';
import { startThread } from '../../support/worker-thread.ts';
import { expectConsistency } from './consistency.ts';
import { type EndlessOrder, LIVE } from './endless-order.ts';
import type { OpeningOrder } from './open-together.ts';
import { memoryFolder, opened } from './opened.ts';
import { kill, start } from './programs.ts';

const PROCESSES = 8;
const ROUNDS = 40;
const KILLS = Number(process.env['ONEHOST_SHARED_MEMORY_KILLS'] ?? 8);

/** What has returned before the process was killed is as it left it. */
function numbersIn(log: string, what: string): number[] {
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith(what)).map((line) => Number(line.split(' ')[1]));
}

describe('processes that share memory', () => {
  test(`${PROCESSES} that make it at the same moment, ${ROUNDS} times, share one, and each write is there`, async () => {
    const folder = memoryFolder();
    let startAt = 0;
    await runTogether(
      new URL('./open-together.ts', import.meta.url),
      PROCESSES,
      (process): OpeningOrder => {
        startAt ||= Date.now() + 300;
        return { folder: folder.path, rounds: ROUNDS, startAt, process };
      },
    );
    const counts = [];
    for (let round = 0; round < ROUNDS; round++) {
      const memory = await openSharedMemory(`round-${round}`, { folder: folder.path });
      counts.push(new SharedMemorySessionCache(memory).listByUser(7).length);
      expectConsistency(memory);
      await memory.close();
    }
    expect(counts).toEqual(counts.map(() => PROCESSES));
  });

  test('who opens or closes it undoes no write of others', async () => {
    const { folder, memory, cache } = await opened();
    const openers = await Promise.all(
      [1, 2, 3].map(() => start('./open-and-close.ts', { folder: folder.path })),
    );
    const SETS = 6000;
    for (let number = 0; number < SETS; number++) {
      cache.set(`token ${number}`, { userId: 7 }, 3600);
      if (number % 2 === 1) expect(cache.invalidate(`token ${number - 1}`)).toBe(true);
      if (number % 20 === 0) await nextTurn();
    }
    for (const opener of openers) {
      const told = once(opener, 'message');
      opener.send('end');
      // They did meanwhile what it is about.
      expect((await told)[0]).toBeGreaterThan(10);
    }
    const there = Array.from(
      { length: SETS },
      (_, number) => cache.get(`token ${number}`) !== null,
    );
    expect(there).toEqual(there.map((_, number) => number % 2 === 1));
    expect(expectConsistency(memory)).toBe(SETS / 2);
  });

  test(`${KILLS} kills at any moment: what returned holds, what did not is whole or not there, and nobody waits`, async () => {
    const { folder, memory, cache } = await opened();
    const order = (name: string): EndlessOrder => ({
      folder: folder.path,
      name,
      log: folder.file(`${name}.log`),
    });
    const killNext: { name: string; child: ChildProcess }[] = [];
    const begin = async (name: string) => {
      killNext.push({ name, child: await start('./set-and-invalidate.ts', order(name)) });
    };
    await begin('process a');
    for (let round = 0; round < KILLS; round++) {
      // Another one writes meanwhile, so that one waits for the lock that the other dies with.
      await begin(`process ${round}`);
      const next = killNext.shift();
      if (next === undefined) throw new Error('Two were started.');
      const { log } = order(next.name);
      await eventually(() => expect(numbersIn(log, 'set').length).toBeGreaterThan(LIVE));
      await wait(Math.random() * 60);
      await kill(next.child);
      const began = performance.now();
      expect(cache.invalidate('of nobody')).toBe(false);
      expect(performance.now() - began).toBeLessThan(9000);
      const invalidated = new Set(numbersIn(log, 'invalidated'));
      const set = numbersIn(log, 'set');
      const last = set.length - 1;
      for (const number of set) {
        // The invalidation of the one after the last that is known may have been made before the kill.
        if (number === last - LIVE + 1 || number === last - LIVE) continue;
        const isThere = cache.get(`${next.name} ${number}`) !== null;
        expect(`${number} ${isThere}`).toBe(`${number} ${!invalidated.has(number)}`);
      }
    }
    for (const { child } of killNext) await kill(child);
    expect(expectConsistency(memory)).toBeGreaterThanOrEqual(KILLS * (LIVE - 1));
    expect(cache.invalidateByUser(3)).toBeGreaterThan(0);
    expectConsistency(memory);
  });

  test('a thread sees what another invalidates, and its end leaves the memory to the others', async () => {
    const { folder, cache } = await opened();
    cache.set('token', { userId: 7 }, 60);
    cache.set('other', { userId: 7 }, 60);
    const thread = await startThread(new URL('./read-in-thread.ts', import.meta.url), {
      folder: folder.path,
    });
    const ask = async (order: object) => {
      const answer = once(thread, 'message');
      thread.postMessage(order);
      return (await answer)[0];
    };
    expect(await ask({ get: 'token' })).toEqual({ session: { userId: 7 } });
    expect(cache.invalidate('token')).toBe(true);
    expect(await ask({ get: 'token' })).toEqual({ session: null });
    expect(await ask({ invalidate: 'other' })).toEqual({ wasLive: true });
    expect(cache.get('other')).toBeNull();
    const exit = once(thread, 'exit');
    thread.postMessage({ end: true });
    await exit;
    cache.set('token', { userId: 8 }, 60);
    expect(cache.get('token')).toEqual({ userId: 8 });
    expect(lockedBy(folder)).toContain(process.pid);
  });

  test('a thread that is ended in the middle of its work holds up nobody', async () => {
    const { folder, cache } = await opened();
    cache.set('token', { userId: 7 }, 60);
    const thread = await startThread(new URL('./read-in-thread.ts', import.meta.url), {
      folder: folder.path,
    });
    thread.postMessage({ invalidate: 'token' });
    await thread.terminate();
    cache.set('token', { userId: 8 }, 60);
    expect(cache.get('token')).toEqual({ userId: 8 });
    expect(lockedBy(folder)).toContain(process.pid);
  });

  test('opened twice in one process, and closed once, it goes on, and other processes know that it is in use', async () => {
    const { folder, cache } = await opened();
    const again = await openSharedMemory('test', { folder: folder.path });
    cache.set('token', { userId: 7 }, 60);
    await again.close();
    expect(cache.get('token')).toEqual({ userId: 7 });
    expect(lockedBy(folder)).toContain(process.pid);
  });

  test('opened and closed again in a process that goes on writing, it holds up no write', async () => {
    const { folder, cache } = await opened();
    let done = false;
    const openAndClose = async () => {
      for (let round = 0; round < 5; round++) {
        const again = await openSharedMemory('test', { folder: folder.path });
        const closing = again.close();
        cache.set('token', { userId: 7 }, 60);
        await closing;
      }
      done = true;
    };
    const ended = openAndClose();
    const began = performance.now();
    while (!done && performance.now() - began < 9000) {
      cache.invalidate('token');
      // Between any two steps of the other one, and now and then the whole event loop.
      if (Math.random() < 0.9) await null;
      else await nextTurn();
    }
    await ended;
    expect(performance.now() - began).toBeLessThan(9000);
  });
});

/**
 * The processes that the system knows to have the memory open. Closing any descriptor of the lock file would take a process from among them, and
 * the next one to open it would begin it anew under everybody's feet.
 */
function lockedBy(folder: TemporaryFolder): number[] {
  if (process.platform !== 'linux') return [process.pid];
  const lockFile = folder.file(`onehost-${process.geteuid?.()}-test/sessions.mdb-lock`);
  const { ino } = statSync(lockFile);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`:${ino} `) && line.includes('READ'))
    .map((line) => Number(/READ +(\d+)/.exec(line)?.[1]));
}
