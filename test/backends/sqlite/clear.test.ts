import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import SqliteConnection, { type Database } from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { DeadRows } from '../../../src/backends/sqlite/dead-rows.ts';
import { SessionRows } from '../../../src/backends/sqlite/session-rows.ts';
import {
  DatabaseSessionCache,
  type OpenDatabaseOptions,
  openDatabase,
} from '../../../src/index.ts';
import type { TestSession } from '../../../src/testing/index.ts';
import { runTogether } from '../../support/child-process.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const MIGRATIONS = new URL('../../../migrations/sqlite/', import.meta.url);

function countRows(connection: Database): number {
  return Number(connection.prepare('select count(*) from onehost_sessions').pluck().get());
}

async function openFilled(
  folder: TemporaryFolder,
  sessions: number,
  options: OpenDatabaseOptions = {},
) {
  const database = await openDatabase(folder.file('a.db'), options);
  const cache = new DatabaseSessionCache<TestSession>(database);
  for (let number = 0; number < sessions; number++) {
    cache.set(`token ${number}`, { userId: number % 5 }, 3600);
  }
  return { database, cache, file: database.file };
}

/** Runs the migrations up to this one, as Kysely's Migrator writes it down. */
function migrateTo(connection: Database, last: string): void {
  connection.exec(
    'create table onehost_migrations (name varchar(255) primary key, timestamp varchar(255) not null)',
  );
  connection.exec(
    'create table onehost_migrations_lock (id varchar(255) primary key, is_locked integer not null)',
  );
  connection.exec("insert into onehost_migrations_lock values ('migration_lock', 0)");
  for (const file of readdirSync(MIGRATIONS).sort()) {
    const name = file.replace('.sql', '');
    if (name > last) continue;
    connection.exec(readFileSync(new URL(file, MIGRATIONS), 'utf8'));
    connection
      .prepare('insert into onehost_migrations values (?, ?)')
      .run(name, new Date().toISOString());
  }
}

describe('clear', () => {
  test('changes one number, however many sessions there are', async () => {
    using folder = new TemporaryFolder();
    const { database, cache, file } = await openFilled(folder, 500);
    cache.clear();
    expect(cache.get('token 7')).toBe(null);
    withConnection(file, (connection) => expect(countRows(connection)).toBe(500));
    database.close();
  });

  test('leaves rows that each set removes two of, and a purge the rest', async () => {
    using folder = new TemporaryFolder();
    const { database, cache, file } = await openFilled(folder, 100);
    cache.clear();
    for (let number = 0; number < 10; number++) cache.set(`new ${number}`, { userId: 7 }, 60);
    withConnection(file, (connection) => expect(countRows(connection)).toBe(90));
    expect(await cache.purgeExpired({ sliceEntries: 11 })).toEqual({ removed: 80, complete: true });
    withConnection(file, (connection) => expect(countRows(connection)).toBe(10));
    expect(cache.listByUser(7)).toHaveLength(10);
    database.close();
  });

  test('by another process holds for what this one has in its memory', async () => {
    using folder = new TemporaryFolder();
    const { database, cache, file } = await openFilled(folder, 50);
    for (let number = 0; number < 50; number++) expect(cache.get(`token ${number}`)).not.toBe(null);
    let loads = 0;
    const loaded = await cache.getOrLoad('new', async () => {
      if (++loads === 1) {
        await runTogether(new URL('./clear-once.ts', import.meta.url), 1, () => ({ file }));
      }
      return { session: { userId: 7, loads }, ttlSeconds: 60 };
    });
    expect(loaded).toEqual({ userId: 7, loads: 2 });
    for (let number = 0; number < 50; number++) expect(cache.get(`token ${number}`)).toBe(null);
    cache.set('token 7', { userId: 7 }, 60);
    expect(cache.listByUser(7)).toHaveLength(2);
    database.close();
  });

  test('cannot be taken back by whoever writes to the file', async () => {
    using folder = new TemporaryFolder();
    const { database, cache, file } = await openFilled(folder, 1);
    cache.clear();
    withConnection(file, (connection) => {
      const back = connection.prepare('update onehost_file set session_generation = 1');
      expect(() => back.run()).toThrow('sessions that were cleared would be back');
    });
    database.close();
  });
});

describe('a purge', () => {
  test('keeps the WAL short, and leaves no thread behind that has the file open', async () => {
    using folder = new TemporaryFolder();
    const { database, cache, file } = await openFilled(folder, 3000);
    // What folds it when many pages are waiting, in one process or another, would help.
    database.connection.pragma('wal_autocheckpoint = 0');
    cache.clear();
    database.connection.pragma('wal_checkpoint(truncate)');
    await cache.purgeExpired({ sliceEntries: 20, timeBudgetSeconds: 50 });
    const pages = Math.floor(statSync(`${file}-wal`).size / 4096);
    expect(pages).toBeGreaterThan(800);
    expect(pages).toBeLessThan(1000);
    database.close();
    // The last one to close it takes the -wal away.
    expect(readdirSync(folder.path)).toEqual(['a.db']);
  });

  test('waits for no other writer, and lets the event loop turn meanwhile', async () => {
    using folder = new TemporaryFolder();
    const { database, cache, file } = await openFilled(folder, 10);
    cache.clear();
    const writer = new SqliteConnection(file);
    writer.exec('begin immediate');
    let quickest = Number.POSITIVE_INFINITY;
    // A busy machine may need as long once to start a thread.
    for (let time = 0; time < 3 && quickest >= 4000; time++) {
      const beginning = performance.now();
      expect(await cache.purgeExpired({ timeBudgetSeconds: 0.2 })).toEqual({
        removed: 0,
        complete: false,
      });
      quickest = Math.min(quickest, performance.now() - beginning);
    }
    // Not for lockWaitSeconds, as any other write would.
    expect(quickest).toBeLessThan(4000);
    const purge = cache.purgeExpired();
    setTimeout(() => writer.close(), 50);
    expect(await purge).toEqual({ removed: 10, complete: true });
    database.close();
  });

  test('throws for what fails on its thread', async () => {
    using folder = new TemporaryFolder();
    const { database, cache, file } = await openFilled(folder, 2000);
    cache.clear();
    // The first slice, on the spot, is let through.
    withConnection(file, (connection) =>
      connection.exec(`create trigger spoilt before delete on onehost_sessions
        when (select count(*) from onehost_sessions) < 1500 begin select raise(abort, 'spoilt'); end`),
    );
    await expect(cache.purgeExpired({ timeBudgetSeconds: 50 })).rejects.toMatchObject({
      code: 'ONEHOST_DATABASE_FAILED',
    });
    database.close();
  });

  test('leaves the writes of others as patient as they were', async () => {
    using folder = new TemporaryFolder();
    const { database, cache, file } = await openFilled(folder, 10, { lockWaitSeconds: 30 });
    cache.clear();
    await cache.purgeExpired();
    const writer = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       const connection = new (require(workerData.sqlite))(workerData.file);
       connection.exec('begin immediate');
       parentPort.postMessage('locked');
       setTimeout(() => connection.close(), 200);`,
      {
        eval: true,
        workerData: { file, sqlite: createRequire(import.meta.url).resolve('better-sqlite3') },
      },
    );
    await once(writer, 'message');
    cache.set('patient', { userId: 7 }, 60);
    expect(cache.get('patient')).toEqual({ userId: 7 });
    await once(writer, 'exit');
    database.close();
  });

  test('ends as it would although the database was closed meanwhile', async () => {
    using folder = new TemporaryFolder();
    const { database, cache } = await openFilled(folder, 3000);
    cache.clear();
    const purge = cache.purgeExpired({ timeBudgetSeconds: 50 });
    setTimeout(() => database.close(), 50);
    await expect(purge).rejects.toMatchObject({ code: 'ONEHOST_DATABASE_CLOSED' });
  });

  test('of a closed database says so', async () => {
    using folder = new TemporaryFolder();
    const { database, cache } = await openFilled(folder, 1);
    database.close();
    await expect(cache.purgeExpired()).rejects.toMatchObject({ code: 'ONEHOST_DATABASE_CLOSED' });
  });
});

describe('the number of the generation', () => {
  test('brings the sessions of a file that knew none along', async () => {
    using folder = new TemporaryFolder();
    const file = folder.file('a.db');
    const now = Date.now();
    withConnection(file, (connection) => {
      migrateTo(connection, '0003_jobs');
      const insert = connection.prepare(
        'insert into onehost_session_entries values (?, ?, ?, ?, ?, ?)',
      );
      for (let number = 0; number < 300; number++) {
        const hash = Buffer.alloc(32, number % 256).fill(number >> 8, 0, 1);
        insert.run(hash, String(number % 7), `{"userId":${number % 7}}`, now, now, now + 60_000);
      }
    });
    await using database = await openDatabase(file);
    const cache = new DatabaseSessionCache<TestSession>(database);
    expect(cache.listByUser(3)).toHaveLength(43);
    expect(cache.invalidateByUser(3)).toBe(43);
    cache.clear();
    expect(cache.listByUser(4)).toEqual([]);
    expect((await cache.purgeExpired()).removed).toBe(257);
  });

  test('makes an older version that still has the file open fail, instead of giving what was cleared', async () => {
    using folder = new TemporaryFolder();
    const file = folder.file('a.db');
    const older = new SqliteConnection(file);
    migrateTo(older, '0003_jobs');
    const find = older.prepare('select payload from onehost_session_entries where token_hash = ?');
    expect(find.get(Buffer.alloc(32))).toBe(undefined);
    (await openDatabase(file)).close();
    expect(() => find.get(Buffer.alloc(32))).toThrow('no such table: onehost_session_entries');
    older.close();
  });

  test('keeps no statement from finding its rows by the index meant for it', async () => {
    using folder = new TemporaryFolder();
    (await openDatabase(folder.file('a.db'))).close();
    withConnection(folder.file('a.db'), (connection) => {
      const statements = statementsPreparedBy(connection, () => [
        new SessionRows(connection),
        new DeadRows(connection),
      ]);
      expect(statements.length).toBeGreaterThan(10);
      for (const sql of statements) {
        const plan = planOf(connection, sql).filter((step) => step.includes('onehost_sessions'));
        for (const step of plan) {
          // One that is found by the generation alone is nearly all of them.
          expect(step, sql).toMatch(/rowid=\?|user_id=\?|expires_at<\?|generation<\?/);
        }
      }
    });
  });
});

/** What `work` prepares on the connection. */
function statementsPreparedBy(connection: Database, work: () => unknown): string[] {
  const statements: string[] = [];
  const prepare = connection.prepare.bind(connection);
  connection.prepare = ((sql: string) => {
    statements.push(sql);
    return prepare(sql);
  }) as typeof connection.prepare;
  work();
  connection.prepare = prepare as typeof connection.prepare;
  return statements;
}

function planOf(connection: Database, sql: string): string[] {
  const names = [...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name, 1]);
  return connection
    .prepare<[object], { detail: string }>(`explain query plan ${sql}`)
    .all(Object.fromEntries(names))
    .map(({ detail }) => detail);
}
