import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';
import { lacksStrace } from '../../support/strace.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import type { Attempt } from './keep-trying.ts';

/** How often the system refuses, before it goes well again. */
const REFUSALS = 3;

const program = fileURLToPath(new URL('./keep-trying.ts', import.meta.url));
let folder: TemporaryFolder;

beforeEach(() => {
  folder = new TemporaryFolder();
  const made = folder;
  onTestFinished(() => made[Symbol.dispose]());
});

/** Three sessions, each of a user. */
async function makeFile(): Promise<void> {
  await using database = await openDatabase(folder.file('a.db'));
  const sessions = new DatabaseSessionCache(database);
  for (const token of ['kept', 'unread', 'revoked']) sessions.set(token, { userId: 7 }, 3600);
}

/** Runs the program, whose calls of this kind on this file are refused at first. */
function whileRefused(
  refused: { readonly call: string; readonly file: string; readonly error: string },
  ...operations: string[]
): Attempt[] {
  const injection = `inject=${refused.call}:error=${refused.error}:when=1..${REFUSALS}`;
  const run = spawnSync(
    'strace',
    ['-f', '--seccomp-bpf', '-e', `trace=${refused.call}`, '-e', injection].concat(
      ['-P', folder.file(refused.file), '-o', folder.file('trace')],
      [process.execPath, '--import', 'tsx', program, folder.file('a.db')],
      operations,
    ),
    { encoding: 'utf8' },
  );
  expect(run.stderr).toBe('');
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Attempt);
}

const session = { userId: 7 };

describe.skipIf(lacksStrace)('a write that the system refuses', () => {
  test.each([
    ['a full disk', 'ENOSPC', 'ONEHOST_DATABASE_FULL', 'Free some space'],
    ['a quota that is used up', 'EDQUOT', 'ONEHOST_DATABASE_FAILED', 'quota'],
    ['a limit on the size of files', 'EFBIG', 'ONEHOST_DATABASE_FAILED', 'size of files'],
    ['a file system gone read-only', 'EROFS', 'ONEHOST_DATABASE_FAILED', 'remounted read-only'],
    ['a disk that fails', 'EIO', 'ONEHOST_DATABASE_FAILED', 'failing disk'],
  ])(
    'because of %s throws and changes nothing, reads go on, and so do writes when it is over',
    async (_, error, code, remedy) => {
      await makeFile();
      const refused = { call: 'pwrite64', file: 'a.db-wal', error };
      const attempts = whileRefused(refused, 'open', 'invalidate', 'set', 'acquire');
      const [opened, ...writes] = attempts;
      expect(opened).toMatchObject({ operation: 'open', code: null });
      const failed = writes.slice(0, REFUSALS);
      for (const attempt of failed) {
        expect(attempt).toMatchObject({ operation: 'invalidate', code });
        expect(attempt.message).toContain('Nothing was written.');
        expect(attempt.message).toContain(remedy);
        expect(attempt.read).toEqual([session, session, session, null]);
      }
      expect(writes.slice(REFUSALS)).toMatchObject([
        { operation: 'invalidate', code: null, read: [session, session, null, null] },
        { operation: 'set', code: null, read: [session, session, null, { userId: 8 }] },
        { operation: 'acquire', code: null },
      ]);
    },
  );

  test('because a sync fails throws, too: that it is on the disk was promised', async () => {
    await makeFile();
    // The first writer of a -wal syncs its header; fsync or fdatasync, as SQLite was built.
    const refused = { call: 'fsync,fdatasync', file: 'a.db-wal', error: 'EIO' };
    const attempts = whileRefused(refused, 'open', 'invalidate');
    expect(attempts.map(({ code }) => code)).toEqual([
      null,
      ...Array(REFUSALS).fill('ONEHOST_DATABASE_FAILED'),
      null,
    ]);
    for (const { code, message, read } of attempts.slice(1)) {
      expect(read[2]).toEqual(code === null ? null : session);
      if (code !== null) expect(message).toContain('do it again');
    }
    await using database = await openDatabase(folder.file('a.db'));
    expect(new DatabaseSessionCache(database).get('revoked')).toBe(null);
  });

  test('while a checkpoint is made takes nothing from what was committed', async () => {
    await makeFile();
    const refused = { call: 'pwrite64', file: 'a.db', error: 'ENOSPC' };
    const attempts = whileRefused(refused, 'open', 'invalidate', 'set', 'checkpoint');
    const checkpoints = attempts.filter(({ operation }) => operation === 'checkpoint');
    expect(checkpoints.length).toBe(REFUSALS + 1);
    for (const { read } of checkpoints) {
      expect(read).toEqual([session, session, null, { userId: 8 }]);
    }
  });

  test.each([
    ['the file', 'a.db'],
    ['its -wal', 'a.db-wal'],
    ['its -shm', 'a.db-shm'],
  ])(
    'while a file is made, of %s, is told as a full disk, and it is made when there is room',
    (_, file) => {
      const refused = { call: 'pwrite64', file, error: 'ENOSPC' };
      const attempts = whileRefused(refused, 'open', 'set');
      expect(attempts.map(({ code }) => code)).toEqual([
        ...Array(attempts.length - 2).fill('ONEHOST_DATABASE_FULL'),
        null,
        null,
      ]);
      expect(attempts.length).toBeGreaterThan(2);
      expect(attempts.at(-1)?.read[3]).toEqual({ userId: 8 });
    },
  );

  test.each(['EMFILE', 'EACCES'])(
    'to open it, with %s, is told so, and it opens when that is over',
    async (error) => {
      await makeFile();
      const attempts = whileRefused({ call: 'openat', file: 'a.db', error }, 'open', 'set');
      expect(attempts.length).toBeGreaterThan(2);
      for (const { code, message } of attempts.slice(0, -2)) {
        expect(code).toMatch(/^ONEHOST_(DATABASE_FAILED|FOLDER_NOT_WRITABLE)$/);
        expect(message).toContain(folder.file('a.db'));
      }
      expect(attempts.slice(-2).map(({ code }) => code)).toEqual([null, null]);
    },
  );
});
