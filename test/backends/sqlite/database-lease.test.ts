import { copyFileSync, readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import SqliteConnection from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabaseIn } from '../../../src/backends/sqlite/open-database.ts';
import { machine } from '../../../src/backends/sqlite/surroundings.ts';
import {
  DatabaseLeaseStore,
  DatabaseSessionCache,
  type Lease,
  type OnehostDatabase,
  openDatabase,
} from '../../../src/index.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { slept } from '../../support/slept.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let clock: ManualClock;
let database: OnehostDatabase;
let leases: DatabaseLeaseStore;

beforeEach(async () => {
  folder = new TemporaryFolder();
  clock = new ManualClock();
  database = await openDatabase(folder.file('a.db'), { clock });
  leases = new DatabaseLeaseStore(database, { appVersion: '2.1' });
  withConnection(database.file, (connection) =>
    connection.exec('create table app (n integer unique)'),
  );
});

afterEach(() => {
  database.close();
  folder[Symbol.dispose]();
});

function written(): unknown[] {
  return withConnection(database.file, (connection) =>
    connection.prepare('select n from app order by n').pluck().all(),
  );
}

const refused = (code: string) => expect.objectContaining({ code });

describe('lease.transaction', () => {
  test('gives what its work gives, and commits', async () => {
    const lease = await leases.acquire('lease');
    const changes = lease.transaction(
      (connection) => connection.prepare('insert into app values (?)').run(1).changes,
    );
    expect(changes).toBe(1);
    expect(written()).toEqual([1]);
  });

  test('throws on what its work throws, SQLite’s own errors included, and undoes it', async () => {
    const lease = await leases.acquire('lease');
    const insert = () =>
      lease.transaction((connection) => {
        connection.prepare('insert into app values (?)').run(1);
        connection.prepare('insert into app values (?)').run(1);
      });
    expect(insert).toThrow(refused('SQLITE_CONSTRAINT_UNIQUE'));
    expect(written()).toEqual([]);
    expect(lease.isHeld()).toBe(true);
  });

  test('refuses work that is not done when it returns', async () => {
    const lease = await leases.acquire('lease');
    const work = async (connection: { exec(sql: string): unknown }) => {
      connection.exec('insert into app values (1)');
      await wait(1);
      throw new Error('nobody waits for this');
    };
    expect(() => lease.transaction(work)).toThrow(refused('ONEHOST_INVALID_TRANSACTION'));
    expect(written()).toEqual([]);
    await wait(5);
  });

  test('refuses work that ends the transaction by itself', async () => {
    const lease = await leases.acquire('lease');
    const work = (connection: { exec(sql: string): unknown }) => {
      connection.exec('insert into app values (1)');
      connection.exec('commit');
    };
    expect(() => lease.transaction(work)).toThrow(refused('ONEHOST_INVALID_TRANSACTION'));
    lease.transaction((connection) => connection.exec('insert into app values (2)'));
    expect(written()).toEqual([1, 2]);
  });

  test('refuses work that leaves the transaction and begins another one, which nothing fences', async () => {
    const lease = await leases.acquire('lease');
    const work = (connection: { exec(sql: string): unknown }) => {
      connection.exec('insert into app values (1)');
      connection.exec('commit');
      withConnection(database.file, (other) => {
        other.exec('update onehost_leases set fencing_token = fencing_token + 1');
        other.exec('insert into app values (2)');
      });
      connection.exec('begin immediate');
      connection.exec('insert into app values (3)');
    };
    expect(() => lease.transaction(work)).toThrow(refused('ONEHOST_INVALID_TRANSACTION'));
    expect(written()).toEqual([1, 2]);
    expect(() => lease.transaction(() => {})).toThrow(refused('ONEHOST_LEASE_LOST'));
  });

  test('hands out nothing that could be left open, or used afterwards', async () => {
    const lease = await leases.acquire('lease');
    const kept = lease.transaction((connection) => {
      expect('iterate' in connection.prepare('select 1')).toBe(false);
      return { connection, insert: connection.prepare('insert into app values (?)') };
    });
    for (const use of [
      () => kept.insert.run(1),
      () => kept.insert.get(1),
      () => kept.insert.all(1),
      () => kept.connection.prepare('select 1'),
      () => kept.connection.exec('insert into app values (1)'),
    ]) {
      expect(use).toThrow(refused('ONEHOST_INVALID_TRANSACTION'));
    }
    expect(written()).toEqual([]);
    lease.transaction(() => kept.insert.run(2));
    expect(written()).toEqual([2]);
  });

  test('lets work use savepoints of its own', async () => {
    const lease = await leases.acquire('lease');
    lease.transaction((connection) => {
      connection.exec('savepoint a; insert into app values (1); rollback to a; release a');
      connection.exec('insert into app values (2)');
    });
    expect(written()).toEqual([2]);
  });

  test('refuses writes of onehost inside it, and lets them be done after', async () => {
    const lease = await leases.acquire('lease');
    const sessions = new DatabaseSessionCache(database);
    sessions.set('kept', { userId: 7 }, 60);
    for (const write of [
      () => sessions.set('token', { userId: 7 }, 60),
      () => sessions.invalidate('kept'),
      () => sessions.clear(),
      () => lease.renew(),
      () => lease.transaction(() => {}),
      () => leases.tryAcquire('another'),
      () => lease.release(),
      () => leases.close(),
      () => database.close(),
    ]) {
      expect(() => lease.transaction(write)).toThrow(refused('ONEHOST_INVALID_TRANSACTION'));
    }
    // Reading is as right as ever.
    expect(lease.transaction(() => sessions.get('kept'))).toEqual({ userId: 7 });
    expect(sessions.get('token')).toBe(null);
    sessions.invalidate('kept');
    expect(sessions.get('kept')).toBe(null);
    lease.renew();
    expect(lease.isHeld()).toBe(true);
  });

  test('leaves no trace of what was undone in a near cache', async () => {
    const lease = await leases.acquire('lease');
    const sessions = new DatabaseSessionCache(database);
    sessions.set('token', { userId: 7 }, 60);
    expect(sessions.get('token')).toEqual({ userId: 7 });
    const undone = () =>
      lease.transaction((connection) => {
        connection.exec('delete from onehost_sessions');
        expect(sessions.get('nobody')).toBe(null);
        throw new Error('undone');
      });
    expect(undone).toThrow('undone');
    expect(sessions.get('token')).toEqual({ userId: 7 });
  });
});

describe('the fencing token', () => {
  test('does not fall or repeat when the file is put back to an earlier state', async () => {
    const first = await leases.acquire('lease');
    first.release();
    withConnection(database.file, (connection) => connection.pragma('wal_checkpoint(truncate)'));
    copyFileSync(database.file, folder.file('backup.db'));
    clock.advance(60);
    const later = await leases.acquire('lease');
    clock.advance(60);
    await using restored = await openDatabase(folder.file('backup.db'), { clock });
    const lease = await new DatabaseLeaseStore(restored).acquire('lease');
    expect(lease.fencingToken).toBeGreaterThan(later.fencingToken);
  });

  test('rises although the clock stands still', async () => {
    const tokens: number[] = [];
    for (let term = 0; term < 5; term++) {
      const lease = await leases.acquire('lease');
      tokens.push(lease.fencingToken);
      lease.release();
    }
    expect(new Set(tokens).size).toBe(5);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
  });

  test('is kept by the file itself: a row cannot be deleted, nor a token lowered', async () => {
    const lease = await leases.acquire('lease');
    lease.release();
    withConnection(database.file, (connection) => {
      expect(() => connection.exec('delete from onehost_leases')).toThrow('must stay');
      expect(() =>
        connection.exec('update onehost_leases set fencing_token = fencing_token'),
      ).toThrow('only rises');
    });
    expect(leases.list()).toHaveLength(1);
  });
});

describe('a term', () => {
  test('counts from when the write lock was had, however long the wait was', async () => {
    const write = database.write.bind(database);
    // What a long wait for the lock does.
    database.write = ((work: () => unknown, durability?: never) =>
      write(() => {
        clock.stall(3);
        return work();
      }, durability)) as typeof database.write;
    const lease = leases.tryAcquire('lease', { durationSeconds: 2 });
    database.write = write;
    expect(lease?.isHeld()).toBe(true);
  });

  test('is released once: later calls write nothing, also after the end of the database', async () => {
    const lease = await leases.acquire('lease');
    expect(lease.release()).toBe(true);
    withConnection(database.file, (other) => {
      other.exec('begin immediate');
      expect(lease.release()).toBe(false);
    });
    const open = await leases.acquire('another');
    database.close();
    expect(open.release()).toBe(false);
    await open[Symbol.asyncDispose]();
  });

  test('that was lost by the clock alone is released in the file, so that nobody waits', async () => {
    const lease = await leases.acquire('lease', { durationSeconds: 10 });
    clock.stall(9.5);
    expect(lease.isHeld()).toBe(false);
    expect(lease.release()).toBe(false);
    expect(leases.tryAcquire('lease')?.reason).toBe('released');
  });

  test('is stolen although it has been renewed since it was looked at', async () => {
    const lease = await leases.acquire('lease');
    await using other = await openDatabase(database.file, { clock });
    const theirs = new DatabaseLeaseStore(other);
    const [seen] = theirs.list();
    lease.renew();
    expect(theirs.steal(seen as never)?.reason).toBe('stolen');
  });
});

describe('DatabaseLeaseStore', () => {
  test('is closed with its database, and its leases are free', async () => {
    const lease = await leases.acquire('lease');
    database.close();
    expect(lease.isHeld()).toBe(false);
    expect(() => leases.list()).toThrow(refused('ONEHOST_LEASE_STORE_CLOSED'));
    await using other = await openDatabase(database.file, { clock });
    expect(new DatabaseLeaseStore(other).tryAcquire('lease')?.reason).toBe('released');
  });

  test('leaves nothing beside the file', async () => {
    await leases.acquire('lease');
    expect(readdirSync(folder.path).some((name) => name.includes('-holder-'))).toBe(true);
    database.close();
    expect(readdirSync(folder.path)).toEqual(['a.db']);
  });

  test('is closed although its leases cannot be released, and so is its database with all the others', async () => {
    const others = new DatabaseLeaseStore(database);
    const held = [await leases.acquire('a'), await leases.acquire('b'), await others.acquire('c')];
    withConnection(database.file, (connection) =>
      connection.exec(
        "create trigger no before update on onehost_leases when old.name = 'a' begin select raise(abort, 'no'); end",
      ),
    );
    expect(() => database.close()).toThrow(refused('ONEHOST_DATABASE_FAILED'));
    database.close();
    expect(held.map((lease) => lease.isHeld())).toEqual([false, false, false]);
    // The lock of the one that is still named is free, and its file there for others to see that.
    expect(readdirSync(folder.path)).toEqual(['a.db', `a.db-holder-${leases.instance.id}`]);
    await using other = await openDatabase(database.file, { clock });
    expect(new DatabaseLeaseStore(other).tryAcquire('c')?.reason).toBe('released');
  });

  test('releases with its end what could not be released when its holder wanted to', async () => {
    await using hasty = await openDatabase(folder.file('a.db'), { clock, lockWaitSeconds: 0.01 });
    const lease = await new DatabaseLeaseStore(hasty).acquire('lease');
    withConnection(database.file, (connection) => {
      connection.exec('begin immediate');
      expect(() => lease.release()).toThrow(refused('ONEHOST_DATABASE_BUSY'));
    });
    expect(lease.isHeld()).toBe(false);
    expect(leases.tryAcquire('lease')).toBeNull();
    hasty.close();
    expect(leases.tryAcquire('lease')?.reason).toBe('released');
  });

  test('that is closed while the file is locked is seen to have ended, as one that was killed', async () => {
    await using own = await openDatabase(folder.file('a.db'), { clock });
    await new DatabaseLeaseStore(own).acquire('lease');
    withConnection(database.file, (connection) => {
      connection.exec('begin immediate');
      expect(() => own.close()).toThrow(refused('ONEHOST_DATABASE_BUSY'));
    });
    expect(leases.list()).toMatchObject([{ evidence: 'process-gone' }]);
  });

  test('waits no longer than a second for all of its leases when the file is locked', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await leases.acquire(name);
    withConnection(database.file, (connection) => {
      connection.exec('begin immediate');
      const close = () => expect(() => leases.close()).toThrow(refused('ONEHOST_DATABASE_BUSY'));
      expect(slept(close)).toBeLessThan(1100);
    });
  });

  test('says what is wrong with the place when the lock of the process cannot be had', async () => {
    await using closed = await openDatabaseIn(
      {
        ...machine,
        processLocks: () => ({
          hold: () => readdirSync(folder.file('missing')),
          look: () => 'unknown',
          release() {},
        }),
      },
      folder.file('b.db'),
    );
    expect(() => new DatabaseLeaseStore(closed).tryAcquire('lease')).toThrow(
      refused('ONEHOST_DATABASE_FAILED'),
    );
  });

  test('lets any number of waits and listeners be, without a warning of a leak', async () => {
    const warned: unknown[] = [];
    const hear = (warning: unknown) => warned.push(warning);
    process.on('warning', hear);
    const lease = await leases.acquire('lease');
    const ended = new AbortController();
    const waits = Array.from({ length: 20 }, () =>
      leases.acquire('lease', { signal: ended.signal }).catch(() => {}),
    );
    for (let listener = 0; listener < 20; listener++) {
      lease.signal.addEventListener('abort', () => listener);
    }
    ended.abort();
    await Promise.all(waits);
    await wait(5);
    process.off('warning', hear);
    expect(warned).toEqual([]);
  });

  test('waits on while the file is locked by a write, without holding the event loop for long', async () => {
    const waiting = withConnection(database.file, (connection) => {
      connection.exec('begin immediate');
      let acquiring: Promise<Lease> | undefined;
      const acquire = () => {
        acquiring = leases.acquire('lease', { timeoutSeconds: 60 });
      };
      // An attempt waits for 10 ms.
      expect(slept(acquire)).toBeLessThan(20);
      return acquiring;
    });
    for (let turn = 0; turn < 5; turn++) {
      await wait(5);
      clock.advance(0.1);
    }
    expect((await waiting)?.isHeld()).toBe(true);
  });

  test('ends its wait like any other when the file was locked until then, and says so', async () => {
    const other = new SqliteConnection(database.file);
    other.exec('begin immediate');
    const acquiring = leases.acquire('lease', { timeoutSeconds: 1 });
    clock.advance(2);
    await expect(acquiring).rejects.toMatchObject({
      code: 'ONEHOST_LEASE_TIMEOUT',
      message: expect.stringContaining('Something else was being written each time.'),
      lease: null,
      cause: { code: 'ONEHOST_DATABASE_BUSY' },
    });
    other.close();
  });

  test('names the instance for operators', async () => {
    await leases.acquire('lease');
    const [summary] = leases.list();
    expect(summary?.holder).toEqual({
      id: leases.instance.id,
      processId: process.pid,
      host: expect.any(String),
      appVersion: '2.1',
      startedAt: new Date(clock.now()),
    });
  });

  test.each([[7], ['x'.repeat(201)], [null]])('refuses the app version %s', (appVersion) => {
    expect(() => new DatabaseLeaseStore(database, { appVersion: appVersion as string })).toThrow(
      refused('ONEHOST_INVALID_OPTION'),
    );
  });

  test('refuses what is no database', () => {
    expect(() => new DatabaseLeaseStore({} as never)).toThrow(
      /DatabaseLeaseStore needs what openDatabase gives/,
    );
  });
});
