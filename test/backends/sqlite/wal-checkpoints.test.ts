import { statSync } from 'node:fs';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import SqliteConnection, { type Database } from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { WaitTime } from '../../../src/backends/sqlite/lock-wait.ts';
import { WalCheckpoints } from '../../../src/backends/sqlite/wal-checkpoints.ts';
import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';
import type { TestSession } from '../../../src/testing/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const FRAME = 4096 + 24;
/** Commits between two looks. */
const LOOK_EVERY = 32;
/** What the file grows to when nothing is in the way, with what is written until the next look. */
const USUAL = 1400;

/** A connection whose commits are counted by hand, of 10 frames or more each. */
function open(time?: WaitTime) {
  const folder = new TemporaryFolder();
  const file = folder.file('a.db');
  const connect = () => {
    const connection = new SqliteConnection(file, { timeout: 0 });
    onTestFinished(() => void connection.close());
    return connection;
  };
  onTestFinished(() => folder[Symbol.dispose]());
  const connection = connect();
  connection.pragma('journal_mode = wal');
  connection.pragma('synchronous = off');
  connection.exec('create table pages (id integer primary key, page blob)');
  const checkpoints = new WalCheckpoints(connection, time);
  const fill = connection.prepare('insert or replace into pages values (?, zeroblob(4000))');
  const write = (commits: number) => {
    for (let i = 0; i < commits; i++) {
      connection.transaction(() => {
        for (let page = 0; page < 10; page++) fill.run(page);
      })();
      checkpoints.committed();
    }
  };
  return { connection, checkpoints, connect, write, frames: () => framesOf(connection) };
}

function framesOf(connection: Database) {
  const [state] = connection.pragma('wal_checkpoint(noop)') as {
    log: number;
    checkpointed: number;
  }[];
  if (state === undefined) throw new Error('SQLite says nothing of its -wal.');
  return { all: state.log, left: state.log - state.checkpointed };
}

/** Time that passes by sleeping alone, while which `meanwhile` happens. */
function steps(meanwhile: () => void): WaitTime {
  let elapsed = 0;
  return {
    now: () => elapsed,
    sleep(milliseconds) {
      elapsed += milliseconds;
      meanwhile();
    },
  };
}

/** Holds a state of the file until it is ended. */
function beginReading(connection: Database): () => void {
  connection.exec('begin; select * from pages limit 1');
  connection.prepare('select count(*) from pages').get();
  return () => void connection.exec('commit');
}

describe('a checkpoint', () => {
  test('is made when the event loop is free, and not in the commit that makes it due', async () => {
    const { write, frames } = open();
    write(150);
    expect(frames().left).toBeGreaterThan(1000);
    await eventLoopTurn();
    expect(frames().left).toBe(0);
    write(1);
    // Begun anew.
    expect(frames().all).toBeLessThan(20);
  });

  test('is none while there is little to carry over', async () => {
    const { write, frames } = open();
    write(50);
    await eventLoopTurn();
    expect(frames().left).toBeGreaterThan(500);
  });

  test('is made on the spot when the event loop is never free', () => {
    const { write, frames } = open();
    let longest = 0;
    for (let i = 0; i < 1000; i++) {
      write(5);
      longest = Math.max(longest, frames().all);
    }
    expect(longest).toBeGreaterThan(10_000);
    expect(longest).toBeLessThan(16_500);
  });

  test('that was put off is called off by close, and none would do harm after it', async () => {
    const { write, checkpoints, connection, connect } = open();
    const other = connect();
    write(150);
    checkpoints.close();
    await eventLoopTurn();
    expect(framesOf(other).left).toBeGreaterThan(1000);
    write(LOOK_EVERY);
    connection.close();
    await eventLoopTurn();
  });

  test('that fails, fails no commit, and is made again', async () => {
    const { write, connection, frames } = open();
    write(150);
    connection.exec('begin; delete from pages where id = 1');
    await eventLoopTurn();
    connection.exec('rollback');
    expect(frames().left).toBeGreaterThan(1000);
    write(LOOK_EVERY);
    await eventLoopTurn();
    expect(frames().left).toBe(0);
  });
});

describe('the -wal stays short', () => {
  test('while readers come and go, and one of them always reads', async () => {
    let changeReaders = () => {};
    const time = steps(() => changeReaders());
    const { connect, write, frames } = open(time);
    const readers = [connect(), connect()] as const;
    let end = beginReading(readers[0]);
    let reading = 0;
    changeReaders = () => {
      reading = 1 - reading;
      const endOfNext = beginReading(readers[reading] as Database);
      end();
      end = endOfNext;
    };
    let longest = 0;
    for (let i = 0; i < 100; i++) {
      write(20);
      await eventLoopTurn();
      changeReaders();
      longest = Math.max(longest, frames().all);
    }
    end();
    expect(longest).toBeGreaterThan(2000);
    expect(longest).toBeLessThan(5500);
  });

  test('again after a reader that went on for long; meanwhile it is not tried at each look', async () => {
    const time = steps(() => {});
    const { connect, write, frames } = open(time);
    const end = beginReading(connect());
    for (let i = 0; i < 100; i++) {
      write(LOOK_EVERY);
      await eventLoopTurn();
    }
    const { left } = frames();
    expect(left).toBeGreaterThan(30_000);
    // At most once in 1,000 frames, and for 5 ms at a time.
    expect(time.now()).toBeLessThan((left / 1000) * 6);
    end();
    for (let i = 0; i < 20; i++) {
      write(8);
      await eventLoopTurn();
    }
    write(1);
    expect(frames().all).toBeLessThan(USUAL);
  });

  test('is tried again for a moment when another connection holds the write lock', async () => {
    let other: Database | undefined;
    const { connect, write, frames } = open(steps(() => void other?.exec('rollback')));
    const end = beginReading(connect());
    write(420);
    other = connect();
    end();
    other.exec('begin immediate');
    await eventLoopTurn();
    expect(other.inTransaction).toBe(false);
    write(1);
    expect(frames().all).toBeLessThan(20);
  });
});

describe('a database', () => {
  test('of an app that sets sessions without a pause stays below the bound', async () => {
    using folder = new TemporaryFolder();
    await using database = await openDatabase(folder.file('a.db'));
    const cache = new DatabaseSessionCache<TestSession>(database);
    for (let i = 0; i < 3000; i++) {
      cache.set(`token ${i % 500}`, { userId: i, text: 'x'.repeat(2000) }, 60);
      if (i % 10 === 0) await eventLoopTurn();
    }
    expect(statSync(folder.file('a.db-wal')).size).toBeLessThan(2 * USUAL * FRAME);
  });

  test('cuts its -wal back to 64 MiB, once the reader has gone for whom it grew beyond', async () => {
    using folder = new TemporaryFolder();
    await using database = await openDatabase(folder.file('a.db'));
    const cache = new DatabaseSessionCache<TestSession>(database, { nearCacheEntries: 0 });
    const size = () => statSync(folder.file('a.db-wal')).size;
    const reader = new SqliteConnection(folder.file('a.db'));
    reader.exec('begin');
    reader.prepare('select count(*) from onehost_file').get();
    for (let i = 0; size() < 80 * 2 ** 20; i++) {
      cache.set(`token ${i}`, { userId: i, text: 'x'.repeat(500_000) }, 60);
    }
    reader.close();
    for (let i = 0; i < 100 && size() > 64 * 2 ** 20; i++) {
      cache.set('token', { userId: i }, 60);
      await eventLoopTurn();
    }
    expect(size()).toBe(64 * 2 ** 20);
  });

  test('can be closed with a checkpoint put off', async () => {
    using folder = new TemporaryFolder();
    const database = await openDatabase(folder.file('a.db'));
    const cache = new DatabaseSessionCache(database);
    for (let i = 0; i < 1000; i++) cache.set(`token ${i}`, { userId: i }, 60);
    expect(framesOf(database.connection).left).toBeGreaterThan(1000);
    database.close();
    await eventLoopTurn();
    await using again = await openDatabase(folder.file('a.db'));
    expect(new DatabaseSessionCache(again).get('token 999')).toEqual({ userId: 999 });
  });
});
