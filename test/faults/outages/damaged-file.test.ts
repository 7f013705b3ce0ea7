import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DatabaseLeaseStore, DatabaseSessionCache, openDatabase } from '../../../src/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const PAGE = 4096;

/** From another process: closing the file in this one would drop the locks of its connections. */
function overwrite(file: string, firstPage: number, pages: number): void {
  const dd = ['if=/dev/urandom', `of=${file}`, `bs=${PAGE}`, `seek=${firstPage}`];
  const run = spawnSync('dd', [...dd, `count=${pages}`, 'conv=notrunc'], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
}

test('a file that is damaged while it is open is told as such by what meets the damage; what is in memory is still given; a new file needs no restart', async () => {
  using folder = new TemporaryFolder();
  const file = folder.file('a.db');
  const corrupt = expect.objectContaining({
    code: 'ONEHOST_DATABASE_CORRUPT',
    message: expect.stringContaining('restore a backup'),
  });
  {
    await using database = await openDatabase(file);
    const sessions = new DatabaseSessionCache(database);
    for (let user = 0; user < 500; user++) {
      sessions.set(`token ${user}`, { userId: user, text: 'x'.repeat(500) } as never, 3600);
    }
    expect(sessions.get('token 7')).not.toBe(null);
    expect(sessions.get('token 7')).not.toBe(null);
    const { connection } = database;
    connection.pragma('wal_checkpoint(truncate)');
    // What SQLite keeps in its memory of the file would hide the damage.
    connection.pragma('shrink_memory');
    overwrite(file, 1, Number(connection.pragma('page_count', { simple: true })) - 1);
    expect(sessions.get('token 7')).toMatchObject({ userId: 7 });
    for (const meets of [
      () => sessions.get('token 8'),
      () => sessions.listByUser(8),
      () => sessions.set('token 8', { userId: 8 }, 60),
      () => sessions.invalidate('token 7'),
      () => sessions.invalidateByUser(7),
      () => sessions.clear(),
      () => new DatabaseLeaseStore(database).tryAcquire('lease'),
    ]) {
      expect(meets, String(meets)).toThrow(corrupt);
    }
    await expect(sessions.purgeExpired()).rejects.toThrow(corrupt);
    await expect(
      sessions.getOrLoad('token 9', () => ({ session: { userId: 9 }, ttlSeconds: 60 })),
    ).rejects.toThrow(corrupt);
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
  await using database = await openDatabase(file);
  const sessions = new DatabaseSessionCache(database);
  sessions.set('token', { userId: 7 }, 60);
  expect(sessions.get('token')).toEqual({ userId: 7 });
  expect(sessions.get('token 7')).toBe(null);
});
