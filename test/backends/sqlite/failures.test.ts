import { renameSync, rmSync } from 'node:fs';
import SqliteConnection from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';
import { ManualClock, type TestSession } from '../../../src/testing/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const ORDINARY = 1; // synchronous = NORMAL

async function open() {
  const folder = new TemporaryFolder();
  const clock = new ManualClock();
  const database = await openDatabase(folder.file('a.db'), { clock, lockWaitSeconds: 0.05 });
  onTestFinished(() => {
    database.close();
    folder[Symbol.dispose]();
  });
  const cache = new DatabaseSessionCache<TestSession>(database);
  cache.set('token', { userId: 7 }, 60);
  cache.get('token');
  return { folder, clock, database, cache, synchronous: () => synchronousOf(database) };
}

function synchronousOf(database: Awaited<ReturnType<typeof openDatabase>>): unknown {
  return database.connection.pragma('synchronous', { simple: true });
}

describe('a write that cannot be done throws and changes nothing', () => {
  test('because another connection holds the write lock; reads go on', async () => {
    const { folder, cache, synchronous } = await open();
    const other = new SqliteConnection(folder.file('a.db'));
    other.exec('begin immediate');
    for (const write of [
      () => cache.set('token', { userId: 8 }, 60),
      () => cache.invalidate('token'),
      () => cache.invalidateByUser(7),
      () => cache.clear(),
    ]) {
      expect(write).toThrow(
        expect.objectContaining({
          code: 'ONEHOST_DATABASE_BUSY',
          message: expect.stringContaining('0.05 s'),
        }),
      );
    }
    expect(cache.get('token')).toEqual({ userId: 7 });
    expect(synchronous()).toBe(ORDINARY);
    other.close();
    expect(cache.invalidate('token')).toBe(true);
    expect(synchronous()).toBe(ORDINARY);
  });

  test('because there is no room left; with room again it goes on', async () => {
    const { database, cache } = await open();
    const pages = Number(database.connection.pragma('page_count', { simple: true }));
    database.connection.pragma(`max_page_count = ${pages}`);
    const large = { userId: 8, text: 'x'.repeat(100_000) };
    expect(() => cache.set('token', large, 60)).toThrow(
      expect.objectContaining({ code: 'ONEHOST_DATABASE_FULL' }),
    );
    expect(cache.get('token')).toEqual({ userId: 7 });
    database.connection.pragma('max_page_count = 1000000');
    cache.set('token', large, 60);
    expect(cache.get('token')).toEqual(large);
  });

  test('because the file may only be read', async () => {
    const { database, cache } = await open();
    database.connection.pragma('query_only = on');
    expect(() => cache.invalidate('token')).toThrow(
      expect.objectContaining({ code: 'ONEHOST_FILE_NOT_WRITABLE' }),
    );
    expect(cache.get('token')).toEqual({ userId: 7 });
  });

  test('because somebody has tampered with the schema', async () => {
    const { database, cache } = await open();
    database.connection.exec('drop table onehost_session_changes');
    expect(() => cache.invalidate('token')).toThrow(
      expect.objectContaining({ code: 'ONEHOST_DATABASE_FAILED', cause: expect.anything() }),
    );
  });
});

describe('a file that is gone', () => {
  const disappearances: Record<string, (folder: TemporaryFolder) => Promise<void>> = {
    deleted: async (folder) => {
      for (const suffix of ['', '-wal', '-shm']) rmSync(folder.file(`a.db${suffix}`));
    },
    'replaced by another': async (folder) => {
      (await openDatabase(folder.file('b.db'))).close();
      renameSync(folder.file('b.db'), folder.file('a.db'));
    },
  };

  test.each(Object.entries(disappearances))(
    '%s is noticed by the next write, and by a read within a second',
    async (_, disappear) => {
      const { folder, clock, cache } = await open();
      await disappear(folder);
      const replaced = expect.objectContaining({ code: 'ONEHOST_DATABASE_REPLACED' });
      expect(() => cache.set('token', { userId: 8 }, 60)).toThrow(replaced);
      expect(() => cache.invalidate('token')).toThrow(replaced);
      clock.advance(1);
      expect(() => cache.get('token')).toThrow(replaced);
      expect(() => cache.get('unknown')).toThrow(replaced);
    },
  );

  test('is noticed at once by a read after the wall clock was set back', async () => {
    const { folder, clock, cache } = await open();
    cache.get('token');
    for (const suffix of ['', '-wal', '-shm']) rmSync(folder.file(`a.db${suffix}`));
    expect(cache.get('token')).toEqual({ userId: 7 });
    clock.setWallClockBy(-3600);
    expect(() => cache.get('token')).toThrow(
      expect.objectContaining({ code: 'ONEHOST_DATABASE_REPLACED' }),
    );
  });
});

describe('what is no database', () => {
  test.each([['a path'], [undefined], [Promise.resolve()]])(
    '%s is refused, and what to write is said',
    (database) => {
      expect(() => new DatabaseSessionCache(database as never)).toThrow(
        expect.objectContaining({
          code: 'ONEHOST_INVALID_OPTION',
          message: expect.stringContaining('await openDatabase'),
        }),
      );
    },
  );
});
