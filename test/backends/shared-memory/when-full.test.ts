import { spawnSync } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { translateError } from '../../../src/backends/shared-memory/translate-error.ts';
import { SharedMemoryFullError } from '../../../src/index.ts';
import { SharedMemorySessionCache } from '../../../src/shared-memory.ts';
import { ManualClock, type TestSession } from '../../../src/testing/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { expectConsistency } from './consistency.ts';
import { memoryFolder, opened } from './opened.ts';
import { kill, start } from './programs.ts';

/** A filesystem of its own, to fill. */
const mayMount = process.platform === 'linux' && process.geteuid?.() === 0;

const MEGABYTE = 1024 * 1024;
const KILOBYTE_TEXT = 'x'.repeat(1024);

function evictions(): { removed: number }[] {
  const told: { removed: number }[] = [];
  const listener = (event: unknown) => told.push(event as { removed: number });
  channel('onehost:evicted').subscribe(listener);
  onTestFinished(() => void channel('onehost:evicted').unsubscribe(listener));
  return told;
}

describe('when shared memory is full', () => {
  test('sessions leave that expire soonest, the file stays below its size, and what is set is there', async () => {
    const clock = new ManualClock();
    const { memory, cache } = await opened(memoryFolder(), { maxMegabytes: 8, clock });
    const told = evictions();
    const SETS = 12_000;
    for (let number = 0; number < SETS; number++) {
      clock.advance(0.001);
      // Those of odd numbers live longer.
      const ttlSeconds = 3600 * (1 + (number % 2));
      cache.set(`token ${number}`, { userId: number % 100, text: KILOBYTE_TEXT }, ttlSeconds);
      expect(cache.get(`token ${number}`)).not.toBeNull();
    }
    expect(statSync(memory.file).size).toBeLessThanOrEqual(8 * MEGABYTE);
    const live = expectConsistency(memory);
    const left = told.reduce((sum, { removed }) => sum + removed, 0);
    expect(live + left).toBe(SETS);
    expect(live).toBeGreaterThan(1500);
    // Those that live longer are more than there is room for: the newest of them are there, and of the others those alone that came last.
    const isThere = (number: number) => cache.get(`token ${number}`) !== null;
    const there = Array.from({ length: SETS }, (_, number) => number).filter(isThere);
    const longer = there.filter((number) => number % 2 === 1);
    expect(longer.length).toBeGreaterThan(live - 100);
    expect(longer).toEqual(longer.map((_, index) => SETS + 1 - 2 * (longer.length - index)));
    expect(there.filter((number) => number % 2 === 0).every((number) => number > SETS - 200)).toBe(
      true,
    );
  });

  test('the expired ones leave first, and no live one as long as that makes room', async () => {
    const clock = new ManualClock();
    const { cache } = await opened(memoryFolder(), { maxMegabytes: 8, clock });
    const told = evictions();
    cache.set('live', { userId: 1 }, 3600);
    for (let round = 0; round < 6; round++) {
      for (let number = 0; number < 1500; number++) {
        cache.set(`${round} ${number}`, { userId: 7, text: KILOBYTE_TEXT }, 60);
      }
      clock.advance(61);
    }
    expect(told).toEqual([]);
    expect(cache.get('live')).toEqual({ userId: 1 });
  });

  test('a session that left while it was being loaded is loaded again', async () => {
    const clock = new ManualClock();
    const { cache } = await opened(memoryFolder(), { maxMegabytes: 8, clock });
    let loads = 0;
    // Of no other token that is set here, the hash begins alike: those that do share the mark by which a load is refused.
    const session = await cache.getOrLoad('tok', () => {
      loads++;
      if (loads === 1) {
        cache.set('tok', { userId: 7, newer: true }, 1);
        for (let number = 0; number < 8000; number++) {
          cache.set(`token ${number}`, { userId: 8, text: KILOBYTE_TEXT }, 3600);
        }
        expect(cache.get('tok')).toBeNull();
      }
      return { session: { userId: 7, load: loads }, ttlSeconds: 60 };
    });
    expect(session).toEqual({ userId: 7, load: 2 });
  });

  test('a session of more than a thirty-second part of it is refused, and drives out nobody', async () => {
    const { cache } = await opened(memoryFolder(), { maxMegabytes: 8 });
    cache.set('small', { userId: 7 }, 60);
    expect(() => cache.set('token', { userId: 7, text: 'x'.repeat(MEGABYTE / 4 + 1) }, 60)).toThrow(
      expect.objectContaining({
        code: 'ONEHOST_SHARED_MEMORY_FULL',
        message: expect.stringContaining('8 MB'),
      }),
    );
    expect(cache.get('small')).toEqual({ userId: 7 });
    cache.set('large', { userId: 7, text: 'x'.repeat(MEGABYTE / 4 - 1000) }, 60);
    expect(cache.get('large')?.['text']).toHaveLength(MEGABYTE / 4 - 1000);
  });

  test('large sessions of all sizes exceed it by no more than a quarter', async () => {
    const { memory, cache } = await opened(memoryFolder(), { maxMegabytes: 8 });
    for (let number = 0; number < 400; number++) {
      const text = 'x'.repeat(((number * 7919) % 1000) * 250);
      cache.set(`token ${number}`, { userId: 7, text }, 3600);
      expect(cache.get(`token ${number}`)?.['text']).toBe(text);
    }
    expect(statSync(memory.file).size).toBeLessThanOrEqual(1.25 * 8 * MEGABYTE);
    expectConsistency(memory);
  });

  test('a reader that stands still makes sets fail, and says which process it is; invalidations go on, and after its end everything does', async () => {
    const { folder, memory, cache } = await opened(memoryFolder(), { maxMegabytes: 8 });
    cache.set('token', { userId: 7 }, 3600);
    const order = { folder: folder.path, token: 'token' };
    const reader = await start('./stand-still.ts', order);
    const setMany = () => {
      for (let number = 0; number < 8000; number++) {
        cache.set(`token ${number}`, { userId: 8, text: KILOBYTE_TEXT }, 3600);
      }
    };
    expect(setMany).toThrow(
      expect.objectContaining({
        code: 'ONEHOST_SHARED_MEMORY_FULL',
        message: expect.stringContaining(`process ${reader.pid} `),
      }),
    );
    // It is looked at every 16 sets, each of which copies some ten pages.
    expect(statSync(memory.file).size).toBeLessThanOrEqual(9 * MEGABYTE);
    expect(cache.get('token 0')).not.toBeNull();
    expect(cache.invalidate('token 0')).toBe(true);
    expect(cache.get('token 0')).toBeNull();
    expect(cache.invalidateByUser(7)).toBe(1);
    // Killed, it leaves its slot behind, which is found by whoever needs the room.
    await kill(reader);
    setMany();
    expect(statSync(memory.file).size).toBeLessThanOrEqual(10 * MEGABYTE);
  });

  test('touches do not make it grow either while a reader stands still', async () => {
    const { folder, memory } = await opened(memoryFolder(), { maxMegabytes: 8 });
    const cache = new SharedMemorySessionCache<TestSession>(memory, { touchWriteShare: 0 });
    const TOKENS = 200;
    for (let number = 0; number < TOKENS; number++) {
      cache.set(`token ${number}`, { userId: 8, text: KILOBYTE_TEXT }, 3600);
    }
    const reader = await start('./stand-still.ts', { folder: folder.path, token: 'token 0' });
    const touchAll = () => {
      for (let round = 0; round < 20; round++) {
        for (let number = 0; number < TOKENS; number++) {
          expect(cache.touch(`token ${number}`, 7200)).toBe(true);
        }
      }
    };
    expect(touchAll).toThrow(
      expect.objectContaining({
        code: 'ONEHOST_SHARED_MEMORY_FULL',
        message: expect.stringContaining(`process ${reader.pid} `),
      }),
    );
    expect(statSync(memory.file).size).toBeLessThanOrEqual(9 * MEGABYTE);
    expect(cache.get('token 0')).not.toBeNull();
    await kill(reader);
    touchAll();
    expect(statSync(memory.file).size).toBeLessThanOrEqual(10 * MEGABYTE);
    expectConsistency(memory);
  });

  test.skipIf(!mayMount)(
    'a filesystem that was full before is an error, and ends no process',
    () => {
      using folder = new TemporaryFolder();
      const inMemory = ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder.path];
      expect(spawnSync('mount', inMemory).status).toBe(0);
      try {
        const program = fileURLToPath(new URL('./open-in.ts', import.meta.url));
        const outcomes = [4, 12, 72, 80, 92].map((kilobytes) => {
          rmSync(folder.file(`onehost-${process.geteuid?.()}-test`), {
            recursive: true,
            force: true,
          });
          writeFileSync(folder.file('filled'), Buffer.alloc((2048 - kilobytes) * 1024));
          const args = ['--import', 'tsx', program, folder.path];
          const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
          return `${status} ${stdout.trim()}`;
        });
        expect(outcomes).toEqual(outcomes.map(() => '0 ONEHOST_SHARED_MEMORY_FULL'));
      } finally {
        spawnSync('umount', [folder.path]);
      }
    },
  );

  test('a filesystem without room is told from other failures of LMDB', () => {
    for (const code of [28, 'ENOSPC', 'SQLITE_FULL']) {
      const noSpace = Object.assign(new Error('No space left on device'), { code });
      const translated = translateError(noSpace, '/dev/shm/x');
      expect(translated).toBeInstanceOf(SharedMemoryFullError);
      expect(translated).toMatchObject({ cause: noSpace });
    }
    expect(translateError(new Error('MDB_PANIC'), '/dev/shm/x')).toMatchObject({
      code: 'ONEHOST_SHARED_MEMORY_FAILED',
      message: expect.stringContaining('MDB_PANIC'),
    });
  });
});
