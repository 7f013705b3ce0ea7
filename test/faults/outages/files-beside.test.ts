import { copyFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  DatabaseLeaseStore,
  DatabaseSessionCache,
  LeaseLostError,
  openDatabase,
} from '../../../src/index.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let file: string;

beforeEach(() => {
  folder = new TemporaryFolder();
  file = folder.file('a.db');
  const made = folder;
  onTestFinished(() => made[Symbol.dispose]());
});

const replaced = expect.objectContaining({ code: 'ONEHOST_DATABASE_REPLACED' });

const disappearances: Record<string, (name: string) => void> = {
  deleted: (name) => rmSync(name),
  'replaced by a copy': (name) => {
    copyFileSync(name, `${name}.copy`);
    renameSync(`${name}.copy`, name);
  },
};

describe.each(['-wal', '-shm'])('a %s that is gone while processes use the file', (suffix) => {
  test.each(Object.entries(disappearances))(
    '%s, is noticed by the next revocation, and by everything else within a second',
    async (_, disappear) => {
      const clock = new ManualClock();
      const database = await openDatabase(file, { clock });
      onTestFinished(() => database.close());
      const sessions = new DatabaseSessionCache(database);
      sessions.set('token', { userId: 7 }, 60);
      sessions.get('token');
      disappear(file + suffix);
      for (const revoke of [
        () => sessions.invalidate('token'),
        () => sessions.invalidateByUser(7),
        () => sessions.clear(),
        () => new DatabaseLeaseStore(database).tryAcquire('lease'),
      ]) {
        expect(revoke).toThrow(replaced);
      }
      clock.advance(1);
      expect(() => sessions.get('token')).toThrow(replaced);
      expect(() => sessions.get('unknown')).toThrow(replaced);
      expect(() => sessions.set('token', { userId: 7 }, 60)).toThrow(replaced);
      expect(() => sessions.get('token')).toThrow(file + suffix);
      await expect(sessions.purgeExpired()).rejects.toThrow(replaced);
    },
  );

  test('ends the term of a holder at its time, and lets the next one have it', async () => {
    const clock = new ManualClock();
    const database = await openDatabase(file, { clock });
    const lease = await new DatabaseLeaseStore(database).acquire('lease', { durationSeconds: 15 });
    rmSync(file + suffix);
    clock.advance(15);
    expect(lease.isHeld()).toBe(false);
    expect(lease.signal.reason).toBeInstanceOf(LeaseLostError);
    database.close();
    // What a restart does.
    await using again = await openDatabase(file, { clock });
    const next = await new DatabaseLeaseStore(again).acquire('lease', { timeoutSeconds: 60 });
    expect(next.fencingToken).toBeGreaterThan(lease.fencingToken);
  });
});

/** A file whose process was killed: with what was committed last in the `-wal` alone. */
async function leaveBehind(): Promise<void> {
  await using database = await openDatabase(folder.file('live.db'));
  const sessions = new DatabaseSessionCache(database);
  sessions.set('checkpointed', { userId: 7 }, 3600);
  database.connection.pragma('wal_checkpoint(truncate)');
  for (const token of ['first', 'second', 'third']) sessions.set(token, { userId: 7 }, 3600);
  for (const suffix of ['', '-wal', '-shm']) {
    copyFileSync(folder.file(`live.db${suffix}`), file + suffix);
  }
}

/** Which of the sessions are there, once the file was opened; it is sound. */
async function found(): Promise<string[]> {
  await using database = await openDatabase(file);
  const sessions = new DatabaseSessionCache(database);
  // It can be written, too.
  sessions.set('new', { userId: 7 }, 3600);
  withConnection(file, (connection) => {
    expect(connection.pragma('integrity_check', { simple: true })).toBe('ok');
  });
  return ['checkpointed', 'first', 'second', 'third'].filter((each) => sessions.get(each) !== null);
}

/** Of a frame and its header, with the pages of 4 KiB that SQLite makes. */
const FRAME_BYTES = 24 + 4096;
const all = ['checkpointed', 'first', 'second', 'third'];

describe('what a killed process has left behind', () => {
  test.each<[string, string[], () => void]>([
    ['whole', all, () => {}],
    ['without its -shm', all, () => rmSync(`${file}-shm`)],
    [
      'with something else in its -shm',
      all,
      () => writeFileSync(`${file}-shm`, Buffer.alloc(32_768, 0x5a)),
    ],
    [
      'with a -wal cut short in the middle of its last commit',
      all.slice(0, -1),
      () => cutWal((bytes) => bytes - FRAME_BYTES / 2),
    ],
    ['with a -wal cut down to its header', all.slice(0, 1), () => cutWal(() => 32)],
    ['with an empty -wal', all.slice(0, 1), () => truncateSync(`${file}-wal`, 0)],
    [
      'without its -wal: what was not carried over into the file is lost',
      all.slice(0, 1),
      () => rmSync(`${file}-wal`),
    ],
    [
      'with something else in its -wal',
      all.slice(0, 1),
      () => writeFileSync(`${file}-wal`, Buffer.alloc(100_000, 0x5a)),
    ],
  ])('is opened %s', async (_, expected, spoil) => {
    await leaveBehind();
    spoil();
    expect(await found()).toEqual(expected);
  });
});

function cutWal(bytesOf: (bytes: number) => number): void {
  truncateSync(`${file}-wal`, bytesOf(statSync(`${file}-wal`).size));
}
