import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  DatabaseJobLedger,
  DatabaseLeaseStore,
  DatabaseSessionCache,
  type OnehostDatabase,
  openDatabase,
  Scheduler,
} from '../../../src/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { startThread } from '../../support/worker-thread.ts';
import { next, Programs } from '../programs.ts';

/** Of 60 s that a term lasts. */
const AT_ONCE_MILLISECONDS = 10_000;

let file: string;

beforeEach(() => {
  const folder = new TemporaryFolder();
  file = folder.file('a.db');
  onTestFinished(() => folder[Symbol.dispose]());
});

async function open(): Promise<OnehostDatabase> {
  const database = await openDatabase(file);
  onTestFinished(() => database.close());
  return database;
}

describe('a process that its child outlives', () => {
  test('is followed at once when it is killed: the child has inherited no lock', async () => {
    using programs = new Programs(new URL('./holder-with-child.ts', import.meta.url));
    const holder = programs.start({ file });
    const [child] = await next(holder, 'message');
    onTestFinished(() => void process.kill(child as number, 'SIGKILL'));
    const leases = new DatabaseLeaseStore(await open());
    const standby = leases.acquire('lease', { timeoutSeconds: 30 });
    expect(leases.lockTrust).toBe('kernel');
    await programs.kill(holder);
    const began = performance.now();
    expect((await standby).reason).toBe('holder-died');
    expect(performance.now() - began).toBeLessThan(AT_ONCE_MILLISECONDS);
    // It lives.
    expect(process.kill(child as number, 0)).toBe(true);
  });
});

describe('a worker thread that ends', () => {
  const startHolder = async () => {
    const thread = await startThread(new URL('./lease-thread.ts', import.meta.url), { file });
    onTestFinished(async () => void (await thread.terminate()));
    return thread;
  };

  test('in the middle of a write undoes it, and lets go of the write lock and of its lease', async () => {
    const database = await open();
    const leases = new DatabaseLeaseStore(database);
    const thread = await startHolder();
    thread.postMessage('write');
    await once(thread, 'message');
    await thread.terminate();
    new DatabaseSessionCache(database).set('token', { userId: 7 }, 60);
    // By its lock, and not after its time, which is long enough for a busy machine to see it stand still for half of it.
    const { reason } = await leases.acquire('thread', { timeoutSeconds: 30 });
    expect(reason).toBe('holder-died');
  });

  test('takes none of the locks of the main thread with it', async () => {
    const database = await open();
    const leases = new DatabaseLeaseStore(database);
    const held = await leases.acquire('lease', { durationSeconds: 60 });
    const thread = await startHolder();
    database.connection.exec('begin immediate');
    await thread.terminate();
    expect(await seenByAnother('begin immediate', file)).toBe('SQLITE_BUSY');
    database.connection.exec('rollback');
    expect(await seenByAnother('begin immediate', file)).toBe('free');
    const side = `${file}-holder-${held.holder.id}`;
    expect(await seenByAnother('select * from sqlite_schema', side)).toBe('SQLITE_BUSY');
    expect(held.isHeld()).toBe(true);
  });
});

/** What comes of a statement in another process, since SQLite itself keeps count of what is locked in its own. */
async function seenByAnother(sql: string, database: string): Promise<string> {
  const source = `
    const SqliteConnection = require('better-sqlite3');
    const connection = new SqliteConnection(process.argv[1], { timeout: 0 });
    try {
      connection.exec(process.argv[2]);
      console.log('free');
    } catch ({ code }) {
      console.log(code);
    }`;
  const child = spawn(process.execPath, ['-e', source, database, sql], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  });
  const said: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
  await once(child, 'close');
  return said.join('').trim();
}

describe('an app that opens the file again in the same process, as hot reloading does', () => {
  test('has two caches that see each other at once, and the end of one leaves the other whole', async () => {
    const [old, fresh] = [await openDatabase(file), await open()];
    const [before, after] = [new DatabaseSessionCache(old), new DatabaseSessionCache(fresh)];
    before.set('token', { userId: 7 }, 60);
    expect(after.get('token')).toEqual({ userId: 7 });
    after.invalidate('token');
    expect(before.get('token')).toBe(null);
    before.set('token', { userId: 8 }, 60);
    expect(after.get('token')).toEqual({ userId: 8 });
    fresh.connection.exec('begin immediate');
    old.close();
    expect(await seenByAnother('begin immediate', file)).toBe('SQLITE_BUSY');
    fresh.connection.exec('rollback');
    expect(after.get('token')).toEqual({ userId: 8 });
    expect(after.invalidate('token')).toBe(true);
  });

  test('runs each job once: the old scheduler goes on until its database is closed, and the new one takes over then', async () => {
    const [old, fresh] = [await openDatabase(file), await open()];
    const ran: string[] = [];
    const start = (database: OnehostDatabase, name: string) => {
      const leases = new DatabaseLeaseStore(database);
      const scheduler = new Scheduler({ leases, ledger: new DatabaseJobLedger(database) });
      scheduler.add({ name: 'job', everySeconds: 0.2, run: () => void ran.push(name) });
      scheduler.start();
      return scheduler;
    };
    const first = start(old, 'old');
    await expect.poll(() => ran.length, { timeout: 20_000 }).toBeGreaterThan(2);
    const second = start(fresh, 'fresh');
    const count = ran.length;
    await expect.poll(() => ran.length, { timeout: 20_000 }).toBeGreaterThan(count + 2);
    expect(new Set(ran)).toEqual(new Set(['old']));
    await first.stop();
    old.close();
    await expect.poll(() => ran.at(-1), { timeout: 20_000 }).toBe('fresh');
    await second.stop();
    const runs = new DatabaseJobLedger(fresh).runs('job', { limit: 1000 });
    const ticks = runs.map(({ scheduledFor }) => scheduledFor.getTime());
    expect(new Set(ticks).size).toBe(ticks.length);
    expect(ran.indexOf('fresh')).toBeGreaterThan(ran.lastIndexOf('old'));
  });
});
