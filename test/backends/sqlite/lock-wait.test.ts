import SqliteConnection from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  pauseAfter,
  retryWhileLocked,
  type WaitTime,
} from '../../../src/backends/sqlite/lock-wait.ts';
import { openDatabase } from '../../../src/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const { SqliteError } = SqliteConnection;

/** Time that passes by sleeping alone. */
class SleepingTime implements WaitTime {
  elapsed = 0;
  readonly sleeps: number[] = [];

  now(): number {
    return this.elapsed;
  }

  sleep(milliseconds: number): void {
    this.sleeps.push(milliseconds);
    this.elapsed += milliseconds;
  }
}

/** Fails as SQLite does when the file is locked, until `free` says that it is not. */
function lockedUntil(free: () => boolean, code = 'SQLITE_BUSY') {
  const attempts = { count: 0 };
  const attempt = () => {
    attempts.count++;
    if (!free()) throw new SqliteError(`attempt ${attempts.count}`, code);
    return 'done';
  };
  return { attempt, attempts };
}

describe('a wait for the lock', () => {
  test('is none when the file is free', () => {
    const time = new SleepingTime();
    expect(retryWhileLocked(() => 'done', 5, time)).toBe('done');
    expect(time.sleeps).toEqual([]);
  });

  test.each(['SQLITE_BUSY', 'SQLITE_BUSY_RECOVERY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED'])(
    'goes on after %s until the file is free',
    (code) => {
      const time = new SleepingTime();
      const { attempt } = lockedUntil(() => time.elapsed >= 100, code);
      expect(retryWhileLocked(attempt, 5, time)).toBe('done');
      expect(time.elapsed).toBeLessThan(105);
    },
  );

  test('ends when it has lasted for as long as was said, with one last attempt at that moment', () => {
    const time = new SleepingTime();
    const { attempt, attempts } = lockedUntil(() => false);
    expect(() => retryWhileLocked(attempt, 0.25, time)).toThrow(SqliteError);
    expect(time.elapsed).toBeCloseTo(250, 6);
    expect(attempts.count).toBe(time.sleeps.length + 1);
  });

  test('is no answer to another failure', () => {
    const time = new SleepingTime();
    const { attempt, attempts } = lockedUntil(() => false, 'SQLITE_FULL');
    expect(() => retryWhileLocked(attempt, 5, time)).toThrow('attempt 1');
    expect(attempts.count).toBe(1);
  });

  test('tries more often the longer it has lasted, so that a newcomer does not overtake it', () => {
    const pauses = [0, 5, 10, 15, 18].map(pauseAfter);
    expect(pauses).toEqual([...pauses].sort((a, b) => b - a));
    expect(pauseAfter(0)).toBeGreaterThan(10 * pauseAfter(18));
  });

  test('of seconds leaves the cores to whoever holds the lock', () => {
    const time = new SleepingTime();
    const { attempt, attempts } = lockedUntil(() => false);
    expect(() => retryWhileLocked(attempt, 60, time)).toThrow(SqliteError);
    // An attempt costs some 10 us: less than a hundredth of a core, however long it lasts.
    expect(attempts.count).toBeLessThan(60_000 / 5);
    expect(Math.max(...time.sleeps)).toBeLessThanOrEqual(15);
    const short = new SleepingTime();
    expect(() => retryWhileLocked(attempt, 1, short)).toThrow(SqliteError);
    expect(short.sleeps.length).toBeLessThan(1500);
  });

  test('holds the thread for as long as it says', () => {
    const began = performance.now();
    expect(() => retryWhileLocked(lockedUntil(() => false).attempt, 0.05)).toThrow(SqliteError);
    expect(performance.now() - began).toBeGreaterThanOrEqual(49);
  });
});

async function openLocked(lockWaitSeconds: number) {
  const folder = new TemporaryFolder();
  const database = await openDatabase(folder.file('a.db'), { lockWaitSeconds });
  const other = new SqliteConnection(folder.file('a.db'));
  other.exec('begin immediate');
  onTestFinished(() => {
    other.close();
    database.close();
    folder[Symbol.dispose]();
  });
  return { database, other };
}

function timed(work: () => unknown): number {
  const began = performance.now();
  expect(work).toThrow(expect.objectContaining({ code: 'ONEHOST_DATABASE_BUSY' }));
  return (performance.now() - began) / 1000;
}

describe('a write', () => {
  test('gives up after lockWaitSeconds, and works again when the lock is free', async () => {
    const { database, other } = await openLocked(0.2);
    expect(timed(() => database.write(() => 1))).toBeGreaterThanOrEqual(0.199);
    other.exec('rollback');
    expect(database.write(() => 1)).toBe(1);
  });

  test('that is tried again anyway gives up in the time of its own', async () => {
    const { database, other } = await openLocked(30);
    const seconds = timed(() => database.impatiently(0.05, () => database.write(() => 1)));
    expect(seconds).toBeGreaterThanOrEqual(0.049);
    expect(seconds).toBeLessThan(15);
    other.exec('rollback');
    expect(database.impatiently(0.05, () => database.write(() => 1))).toBe(1);
  });

  test('is not done twice: when it has begun, nothing in it is tried again', async () => {
    const { database, other } = await openLocked(30);
    other.exec('rollback');
    const { attempt, attempts } = lockedUntil(() => false);
    expect(timed(() => database.write(attempt))).toBeLessThan(15);
    expect(attempts.count).toBe(1);
    expect(database.connection.inTransaction).toBe(false);
  });
});

describe('a read', () => {
  test('waits, too, while another process recovers the file after a crash', async () => {
    const { database } = await openLocked(30);
    let attempts = 0;
    const { attempt } = lockedUntil(() => ++attempts > 3, 'SQLITE_BUSY_RECOVERY');
    expect(database.read(attempt)).toBe('done');
  });

  test('gives up after lockWaitSeconds', async () => {
    const { database } = await openLocked(0.05);
    const { attempt } = lockedUntil(() => false, 'SQLITE_BUSY_RECOVERY');
    expect(timed(() => database.read(attempt))).toBeGreaterThanOrEqual(0.049);
  });
});
