import { channel } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ChangeWatch } from '../../../src/backends/sqlite/change-watch.ts';
import {
  DatabaseJobLedger,
  DatabaseLeaseStore,
  DatabaseSessionCache,
  newSessionToken,
  openDatabase,
} from '../../../src/index.ts';
import { ManualClock, type TestSession } from '../../../src/testing/index.ts';
import { changeWatches } from '../../support/change-watches.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

/** Two processes' worth of caches on one file. */
async function openTwoBy(changeWatch: ChangeWatch['kind'], changeLogEntries?: number) {
  const folder = new TemporaryFolder();
  const clock = new ManualClock();
  const options = { clock, changeWatch, changeLogEntries };
  const first = await openDatabase(folder.file('a.db'), options);
  const second = await openDatabase(folder.file('a.db'), options);
  onTestFinished(() => {
    first.close();
    second.close();
    folder[Symbol.dispose]();
  });
  return {
    clock,
    file: first.file,
    first,
    here: new DatabaseSessionCache<TestSession>(first),
    there: new DatabaseSessionCache<TestSession>(second),
    second,
  };
}

/** The reasons for which near caches were dropped as a whole during the test. */
function droppedReasons(): string[] {
  const reasons: string[] = [];
  const listener = (event: unknown) => reasons.push((event as { reason: string }).reason);
  channel('onehost:near-cache-dropped').subscribe(listener);
  onTestFinished(() => {
    channel('onehost:near-cache-dropped').unsubscribe(listener);
  });
  return reasons;
}

/** Takes the payloads out of the file behind everyone's back, so that only what is in memory still reads well. */
function spoilPayloads(file: string): void {
  withConnection(file, (connection) => {
    connection.exec("update onehost_sessions set payload = '{spoilt'");
  });
}

describe.each(changeWatches)('the near cache, with the change watch %s', (changeWatch) => {
  const openTwo = (changeLogEntries?: number) => openTwoBy(changeWatch, changeLogEntries);

  test('answers from memory what was read before', async () => {
    const { here, file } = await openTwo();
    here.set('token', { userId: 7 }, 60);
    here.get('token');
    spoilPayloads(file);
    expect(here.get('token')).toEqual({ userId: 7 });
  });

  test('of 0 entries reads the file each time', async () => {
    const { first, file } = await openTwo();
    const cache = new DatabaseSessionCache(first, { nearCacheEntries: 0 });
    cache.set('token', { userId: 7 }, 60);
    cache.get('token');
    spoilPayloads(file);
    expect(() => cache.get('token')).toThrow(
      expect.objectContaining({ code: 'ONEHOST_UNREADABLE_ENTRY' }),
    );
  });

  test('keeps what did not change when others write', async () => {
    const { here, there, file } = await openTwo();
    here.set('kept', { userId: 7 }, 60);
    here.get('kept');
    there.set('fresh', { userId: 8 }, 60);
    there.invalidate('unknown');
    there.invalidateByUser(9);
    spoilPayloads(file);
    expect(here.get('kept')).toEqual({ userId: 7 });
  });

  test('two caches on one connection see each other’s changes', async () => {
    const { first, here } = await openTwo();
    const beside = new DatabaseSessionCache<TestSession>(first);
    here.set('token', { userId: 7 }, 60);
    beside.get('token');
    here.invalidate('token');
    expect(beside.get('token')).toBeNull();
    beside.set('token', { userId: 8 }, 60);
    here.get('token');
    beside.set('token', { userId: 9 }, 60);
    expect(here.get('token')).toEqual({ userId: 9 });
    beside.clear();
    expect(here.get('token')).toBeNull();
  });

  test('is dropped as a whole by a process that slept through more changes than are kept', async () => {
    const { here, there } = await openTwo(128);
    const reasons = droppedReasons();
    here.set('token', { userId: 7 }, 60);
    here.set('kept', { userId: 8 }, 60);
    here.get('token');
    here.get('kept');
    there.invalidate('token');
    for (let count = 0; count < 400; count++) there.set('busy', { userId: 9, count }, 60);
    expect(here.get('token')).toBeNull();
    expect(reasons).toEqual(['fell-behind']);
    expect(here.get('kept')).toEqual({ userId: 8 });
  });

  test('drops what was changed in a long absence, one by one or as a whole', async () => {
    for (const changes of [1022, 1023, 1024, 1025, 3000]) {
      const { here, second } = await openTwo();
      const cache = new DatabaseSessionCache<TestSession>(second, {
        revocationDurability: 'process-crash',
      });
      here.set('first', { userId: 7 }, 60);
      here.set('last', { userId: 7 }, 60);
      here.get('first');
      here.get('last');
      cache.invalidate('first');
      for (let count = 0; count < changes - 2; count++) cache.invalidate(`other ${count}`);
      cache.invalidate('last');
      expect([here.get('first'), here.get('last')], `${changes}`).toEqual([null, null]);
    }
  });

  test('lets the session go first that was not read for the longest time', async () => {
    const { first, file } = await openTwo();
    const cache = new DatabaseSessionCache<TestSession>(first, { nearCacheEntries: 2 });
    for (const token of ['a', 'b']) cache.set(token, { userId: token }, 60);
    for (const token of ['a', 'b', 'a']) cache.get(token);
    cache.set('c', { userId: 'c' }, 60);
    cache.get('c');
    cache.get('c');
    spoilPayloads(file);
    expect([cache.get('a'), cache.get('c')]).toEqual([{ userId: 'a' }, { userId: 'c' }]);
    expect(() => cache.get('b')).toThrow();
  });

  test('is not emptied by sessions that are read once', async () => {
    const { first, file } = await openTwo();
    const cache = new DatabaseSessionCache<TestSession>(first, { nearCacheEntries: 2 });
    for (const token of ['a', 'b']) cache.set(token, { userId: token }, 60);
    for (const token of ['a', 'b']) cache.get(token);
    for (let count = 0; count < 50; count++) {
      cache.set(`passing ${count}`, { userId: 7 }, 60);
      cache.get(`passing ${count}`);
    }
    spoilPayloads(file);
    expect([cache.get('a'), cache.get('b')]).toEqual([{ userId: 'a' }, { userId: 'b' }]);
  });

  test('neither a fresh session nor a longer life is logged', async () => {
    const { here, file, clock } = await openTwo();
    const rows = () =>
      withConnection(file, (connection) =>
        connection.prepare('select count(*) from onehost_session_changes').pluck().get(),
      );
    here.set('token', { userId: 7 }, 60);
    clock.advance(30);
    here.touch('token', 60);
    await here.getOrLoad('other', () => ({ session: { userId: 7 }, ttlSeconds: 60 }));
    expect(rows()).toBe(1);
    here.touch('token', 1);
    here.invalidate('other');
    expect(rows()).toBe(3);
  });

  test('a load that took longer than the change log reaches back is done again', async () => {
    const { here, there } = await openTwo(128);
    let loads = 0;
    const session = await here.getOrLoad('token', () => {
      loads++;
      if (loads === 1) {
        for (let count = 0; count < 400; count++) there.set('busy', { userId: 9, count }, 60);
      }
      return { session: { userId: 7, load: loads }, ttlSeconds: 60 };
    });
    expect(session).toEqual({ userId: 7, load: 2 });
  });

  test('the change log stays as short as it should, however much happens', async () => {
    const { here, file } = await openTwo(128);
    for (let count = 0; count < 1000; count++) here.set('token', { userId: 7, count }, 60);
    withConnection(file, (connection) => {
      const rows = connection.prepare('select count(*) from onehost_session_changes').pluck().get();
      expect(rows).toBeLessThanOrEqual(128 + 64);
      expect(rows).toBeGreaterThanOrEqual(128);
    });
  });

  test('the newest change cannot be deleted, so that no position is used twice', async () => {
    const { file } = await openTwo();
    withConnection(file, (connection) => {
      expect(() => connection.exec('delete from onehost_session_changes')).toThrow(/must stay/);
    });
  });

  test('is dropped by who notices that the file was put back to an earlier state', async () => {
    const { here, there, file } = await openTwo();
    here.set('token', { userId: 7 }, 60);
    here.get('token');
    there.invalidate('another');
    here.get('token');
    // What a backup from before does to the log: its newest row is gone, and its seq is given once more.
    withConnection(file, (connection) => {
      connection.exec('drop trigger onehost_session_changes_keep_newest');
      connection.exec('delete from onehost_session_changes where seq > 1');
    });
    there.invalidate('token');
    expect(here.get('token')).toBeNull();
  });

  test('a listener that asks during a drop gets no dropped session', async () => {
    const { first, here, there } = await openTwo(128);
    const beside = new DatabaseSessionCache<TestSession>(first);
    here.set('token', { userId: 7 }, 60);
    const answers: unknown[] = [];
    const listener = () => answers.push(here.get('token'), beside.get('token'));
    channel('onehost:near-cache-dropped').subscribe(listener);
    onTestFinished(() => {
      channel('onehost:near-cache-dropped').unsubscribe(listener);
    });
    for (const drop of [
      () => there.clear(),
      () => here.clear(),
      () => {
        there.invalidate('token');
        for (let count = 0; count < 400; count++) there.set('busy', { userId: 9, count }, 60);
      },
    ]) {
      here.set('token', { userId: 7 }, 60);
      expect([here.get('token'), beside.get('token')]).toEqual([{ userId: 7 }, { userId: 7 }]);
      drop();
      expect(here.get('token')).toBeNull();
    }
    expect(answers.length).toBeGreaterThanOrEqual(6);
    expect(answers.filter((answer) => answer !== null)).toEqual([]);
  });

  test('keeps the token alone of the header that it was cut out of', async () => {
    const { here } = await openTwo();
    const before = heapUsed();
    const tokens = Array.from({ length: 2000 }, (_, index) => {
      const header = `theme=${'x'.repeat(20_000)}${index}; session=${newSessionToken()}`;
      return header.slice(-43);
    });
    for (const token of tokens) {
      here.set(token, { userId: 7 }, 60);
      here.get(token);
    }
    tokens.length = 0;
    // 2,000 headers would be 40 MB.
    expect(heapUsed() - before).toBeLessThan(10_000_000);
    expect(here.listByUser(7)).toHaveLength(2000);
  });

  test('holds nothing after close, and closing leaves the database open', async () => {
    const { first, here, there } = await openTwo();
    here.set('token', { userId: 7 }, 60);
    here.get('token');
    here.close();
    expect(() => here.get('token')).toThrow(
      expect.objectContaining({ code: 'ONEHOST_CACHE_CLOSED' }),
    );
    expect(new DatabaseSessionCache<TestSession>(first).get('token')).toEqual({ userId: 7 });
    expect(there.get('token')).toEqual({ userId: 7 });
  });

  test('is told of nothing after close', async () => {
    const { first, here } = await openTwo();
    here.close();
    const reasons = droppedReasons();
    new DatabaseSessionCache(first, { nearCacheEntries: 0 }).clear();
    expect(reasons).toEqual([]);
  });

  test('a database that was closed is named as the reason', async () => {
    const { first, here } = await openTwo();
    here.set('token', { userId: 7 }, 60);
    here.get('token');
    first.close();
    first.close();
    for (const call of [() => here.get('token'), () => here.get('other'), () => here.clear()]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ONEHOST_DATABASE_CLOSED' }));
    }
  });

  test.each([DatabaseSessionCache, DatabaseLeaseStore, DatabaseJobLedger])(
    'nothing is built on a database that was closed: %o',
    async (Kind) => {
      const { first } = await openTwo();
      first.close();
      expect(() => new Kind(first)).toThrow(
        expect.objectContaining({ code: 'ONEHOST_DATABASE_CLOSED' }),
      );
    },
  );

  test('a handle that opens and closes the same file again does no harm', async () => {
    const { here, there, file } = await openTwo();
    here.set('token', { userId: 7 }, 60);
    there.get('token');
    (await openDatabase(file)).close();
    here.invalidate('token');
    expect(there.get('token')).toBeNull();
  });

  test('its options are checked', async () => {
    const { first } = await openTwo();
    for (const options of [
      { nearCacheEntries: -1 },
      { nearCacheEntries: 0.5 },
      { revocationDurability: 'always' },
      { touchWriteShare: 1 },
      { touchWriteShare: Number.NaN },
      { nearcacheentries: 10 },
    ]) {
      expect(() => new DatabaseSessionCache(first, options as object)).toThrow(
        expect.objectContaining({ code: 'ONEHOST_INVALID_OPTION' }),
      );
    }
  });
});

/** After everything that nobody refers to has gone. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

describe.each(changeWatches)('touch, with the change watch %s', (changeWatch) => {
  const openTwo = () => openTwoBy(changeWatch);

  const touchedAt = (cache: DatabaseSessionCache<TestSession>) =>
    cache.listByUser(7)[0]?.touchedAt.getTime();

  test('writes nothing until the stated share of the lifetime has passed, in whichever process', async () => {
    const { here, there, clock } = await openTwo();
    here.set('token', { userId: 7 }, 100);
    there.get('token');
    const start = clock.now();
    clock.advance(4.9);
    expect(here.touch('token', 100)).toBe(true);
    expect(touchedAt(here)).toBe(start);
    clock.advance(0.1);
    expect(here.touch('token', 100)).toBe(true);
    expect(touchedAt(here)).toBe(start + 5000);
    // What the other process holds in memory says 95 s, the file says 100.
    clock.advance(1);
    expect(there.touch('token', 100)).toBe(true);
    expect(touchedAt(here)).toBe(start + 5000);
  });

  test.each([
    { does: 'longer', theirSeconds: 1000, ourSeconds: 100 },
    { does: 'as long again', theirSeconds: 100, ourSeconds: 50 },
  ])(
    'ends a life sooner that another process has made $does',
    async ({ theirSeconds, ourSeconds }) => {
      const { here, there, clock } = await openTwo();
      there.set('token', { userId: 7 }, 100);
      here.get('token');
      here.touch('token', 100);
      clock.advance(100 - ourSeconds);
      there.touch('token', theirSeconds);
      // What this process holds in memory has hardly longer to live than it is to have from now on.
      expect(here.touch('token', ourSeconds)).toBe(true);
      clock.advance(ourSeconds);
      expect([here.get('token'), there.get('token')]).toEqual([null, null]);
    },
  );

  test('writes each time with a touchWriteShare of 0', async () => {
    const { first, clock } = await openTwo();
    const cache = new DatabaseSessionCache<TestSession>(first, { touchWriteShare: 0 });
    cache.set('token', { userId: 7 }, 100);
    clock.advance(0.001);
    cache.touch('token', 100);
    expect(touchedAt(cache)).toBe(clock.now());
  });
});
