import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  processMappings,
  sharedMappingsOf,
} from '../../../src/backends/sqlite/process-mappings.ts';
import { DatabaseSessionCache, type OnehostDatabase, openDatabase } from '../../../src/index.ts';
import type { TestSession } from '../../../src/testing/index.ts';
import { withoutWalIndexWatch } from '../../support/change-watches.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { startThread } from '../../support/worker-thread.ts';

function newFolder(): TemporaryFolder {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  return folder;
}

async function open(file: string): Promise<OnehostDatabase> {
  const database = await openDatabase(file, { changeWatch: 'wal-index' });
  onTestFinished(() => database.close());
  return database;
}

const cacheOf = (database: OnehostDatabase) => new DatabaseSessionCache<TestSession>(database);

/** How often the file's WAL index is mapped: by SQLite, and by us. */
function mapped(file: string): { bySqlite: number; byUs: number } {
  const found = sharedMappingsOf(`${file}-shm`, processMappings());
  const bySqlite = found.filter(({ isWritable }) => isWritable).length;
  return { bySqlite, byUs: found.length - bySqlite };
}

/** How many descriptors of the file's WAL index this process has. */
function descriptors(file: string): number {
  const targets = readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      // That of this very look.
      return '';
    }
  });
  return targets.filter((target) => target.startsWith(`${file}-shm`)).length;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

/** What another process finds. */
function writeLock(file: string): string {
  const program = fileURLToPath(new URL('./try-lock.ts', import.meta.url));
  const run = spawnSync(process.execPath, ['--import', 'tsx', program, file], { encoding: 'utf8' });
  return run.stdout.trim() || run.stderr;
}

async function startWithDatabase(file: string): Promise<Worker> {
  const thread = await startThread(new URL('./thread-with-database.ts', import.meta.url), { file });
  onTestFinished(async () => {
    await thread.terminate();
  });
  return thread;
}

async function tell(thread: Worker, told: 'end' | 'close and end'): Promise<void> {
  const ended = once(thread, 'exit');
  thread.postMessage(told);
  await ended;
}

describe.skipIf(withoutWalIndexWatch)('the mapping of the WAL index', () => {
  test('is SQLite’s own memory once more, and no descriptor of the file was opened for it', async () => {
    const file = newFolder().file('a.db');
    await open(file);
    expect(mapped(file)).toEqual({ bySqlite: 1, byUs: 1 });
    expect(descriptors(file)).toBe(1);
  });

  test('is gone when its database is closed', async () => {
    const file = newFolder().file('a.db');
    const database = await open(file);
    const cache = cacheOf(database);
    cache.set('token', { userId: 7 }, 60);
    expect(cache.get('token')).toEqual({ userId: 7 });
    database.close();
    database.close();
    expect(mapped(file)).toEqual({ bySqlite: 0, byUs: 0 });
    // What it holds in memory is not read through what is mapped no more: that would end the process.
    expect(() => cache.get('token')).toThrow(/was closed/);
  });

  test('is gone when its database was dropped and not closed', async () => {
    const file = newFolder().file('a.db');
    // In a function of its own, so that nothing on the stack refers to it.
    await (async () => {
      const dropped = await openDatabase(file);
      cacheOf(dropped).get('token');
    })();
    expect(mapped(file).byUs).toBe(1);
    for (let turn = 0; turn < 50 && mapped(file).byUs > 0; turn++) {
      collectGarbage();
      await nextTurn();
    }
    expect(mapped(file)).toEqual({ bySqlite: 0, byUs: 0 });
  });

  test('of a process that closes and opens its database over and over does not pile up', async () => {
    const file = newFolder().file('a.db');
    for (let count = 0; count < 60; count++) {
      const database = await openDatabase(file, { changeWatch: 'wal-index' });
      const other = await openDatabase(file, { changeWatch: 'wal-index' });
      const [here, there] = [cacheOf(database), cacheOf(other)];
      here.set('token', { userId: count }, 60);
      expect(there.get('token')).toEqual({ userId: count });
      here.set('token', { userId: 'changed' }, 60);
      expect(there.get('token')).toEqual({ userId: 'changed' });
      if (count % 2 === 0) other.close();
      database.close();
      other.close();
    }
    expect(mapped(file)).toEqual({ bySqlite: 0, byUs: 0 });
    expect(descriptors(file)).toBe(0);
  });

  test('of one database outlives that of another on the same file', async () => {
    const folder = newFolder();
    const file = folder.file('a.db');
    const [first, second, third] = [await open(file), await open(file), await open(file)];
    const elsewhere = await open(folder.file('b.db'));
    cacheOf(first).set('token', { userId: 7 }, 60);
    const there = cacheOf(second);
    there.get('token');
    third.close();
    elsewhere.close();
    expect(mapped(file)).toEqual({ bySqlite: 1, byUs: 2 });
    cacheOf(first).invalidate('token');
    expect(there.get('token')).toBeNull();
  });

  test('of one file says nothing about another', async () => {
    const folder = newFolder();
    const names = ['a.db', 'a b.db', 'a.db-shm.db', 'ä\n.db'];
    const caches = [];
    for (const name of names) caches.push(cacheOf(await open(folder.file(name))));
    for (const [index, cache] of caches.entries()) {
      cache.set('token', { userId: index }, 60);
      cache.get('token');
    }
    for (const [index, name] of names.entries()) {
      cacheOf(await open(folder.file(name))).invalidate('token');
      const left = caches.map((cache) => cache.get('token') !== null);
      expect(left).toEqual(names.map((_, each) => each > index));
    }
  });

  test('is read correctly while garbage is collected', async () => {
    const file = newFolder().file('a.db');
    const [here, there] = [cacheOf(await open(file)), cacheOf(await open(file))];
    for (let count = 0; count < 10; count++) {
      here.set('token', { userId: count }, 60);
      expect(there.get('token')).toEqual({ userId: count });
      collectGarbage();
      expect(there.get('token')).toEqual({ userId: count });
    }
  });

  test.each(['end', 'close and end'] as const)(
    'of a worker thread goes with it, and that of the main thread stays: %s',
    async (how) => {
      const file = newFolder().file('a.db');
      const here = cacheOf(await open(file));
      here.set('token', { userId: 7 }, 60);
      const threads = [await startWithDatabase(file), await startWithDatabase(file)];
      expect(mapped(file)).toEqual({ bySqlite: 1, byUs: 3 });
      for (const thread of threads) await tell(thread, how);
      expect(mapped(file)).toEqual({ bySqlite: 1, byUs: 1 });
      here.get('token');
      cacheOf(await open(file)).invalidate('token');
      expect(here.get('token')).toBeNull();
    },
  );

  test('of a worker thread sees at once what another thread has committed', async () => {
    const file = newFolder().file('a.db');
    // A hundred syncs of the disk are no part of this.
    const here = new DatabaseSessionCache<TestSession>(await open(file), {
      revocationDurability: 'process-crash',
    });
    here.set('token', { userId: 7 }, 60);
    const thread = await startWithDatabase(file);
    for (let count = 0; count < 200; count++) {
      if (count % 2 === 0) here.set('token', { userId: count }, 60);
      else here.invalidate('token');
      thread.postMessage('read');
      const [found] = await once(thread, 'message');
      expect(found).toEqual(count % 2 === 0 ? { userId: count } : null);
    }
    await tell(thread, 'close and end');
  });
});

describe.skipIf(withoutWalIndexWatch)('the locks of the process', () => {
  /** A database whose write lock this process holds. */
  async function lockedDatabase() {
    const file = newFolder().file('a.db');
    const { connection } = await open(file);
    connection.exec('begin immediate');
    return { file, connection };
  }

  test('outlive the mappings of other databases on the file', async () => {
    const { file, connection } = await lockedDatabase();
    for (let count = 0; count < 3; count++) {
      (await openDatabase(file, { changeWatch: 'wal-index' })).close();
    }
    collectGarbage();
    expect(writeLock(file)).toBe('busy');
    connection.exec('commit');
    expect(writeLock(file)).toBe('free');
  });

  test.each(['end', 'close and end'] as const)(
    'outlive those of a worker thread: %s',
    async (how) => {
      const { file, connection } = await lockedDatabase();
      await tell(await startWithDatabase(file), how);
      expect(writeLock(file)).toBe('busy');
      connection.exec('commit');
    },
  );

  test('would be lost if a descriptor of the file were closed, as the tests above would show', async () => {
    const { file, connection } = await lockedDatabase();
    closeSync(openSync(`${file}-shm`, 'r'));
    expect(writeLock(file)).toBe('free');
    connection.exec('rollback');
  });
});

describe('the list of mappings', () => {
  test('is searched for the beginning of one file, whole and shared', () => {
    const text = [
      '7f0000001000-7f0000009000 rw-s 00000000 fe:00 12                         /var/a b.db-shm',
      '7f0000011000-7f0000019000 rw-s 00008000 fe:00 12                         /var/a b.db-shm',
      '7f0000021000-7f0000022000 r--s 00000000 fe:00 12                         /var/a b.db-shm',
      '7f0000031000-7f0000039000 rw-p 00000000 fe:00 12                         /var/a b.db-shm',
      '7f0000041000-7f0000049000 rw-s 00000000 fe:00 13                         /var/a b.db-shm (deleted)',
      '7f0000051000-7f0000059000 rw-s 00000000 fe:00 14                         /var/a b.db-shm2',
      '7f0000061000-7f0000069000 rw-s 00000000 00:00 0 ',
    ].join('\n');
    const inode = 'fe:00 12';
    expect(sharedMappingsOf('/var/a b.db-shm', text)).toEqual([
      { address: 0x7f0000001000n, isWritable: true, inode, isDeleted: false },
      { address: 0x7f0000021000n, isWritable: false, inode, isDeleted: false },
      { address: 0x7f0000041000n, isWritable: true, inode: 'fe:00 13', isDeleted: true },
    ]);
  });
});
