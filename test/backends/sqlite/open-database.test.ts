import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openDatabaseIn } from '../../../src/backends/sqlite/open-database.ts';
import {
  machine as realMachine,
  type Surroundings,
} from '../../../src/backends/sqlite/surroundings.ts';
import {
  DatabaseSessionCache,
  type OnehostError,
  type OpenDatabaseOptions,
  openDatabase,
} from '../../../src/index.ts';
import type { TestSession } from '../../../src/testing/index.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const machine: Surroundings = {
  ...realMachine,
  filesystemType: () => 0xef53,
  bootId: () => 'this boot',
};

async function refusal(opening: Promise<AsyncDisposable>): Promise<OnehostError> {
  const opened = await opening.catch((error: OnehostError) => error);
  if (opened instanceof Error) return opened;
  await opened[Symbol.asyncDispose]();
  throw new Error('The database was opened.');
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}

describe('a missing file', () => {
  test('is made, in WAL mode, readable by its owner alone, with its -wal and -shm', async () => {
    using folder = new TemporaryFolder();
    const umask = process.umask(0);
    try {
      await using database = await openDatabase(folder.file('a.db'));
      new DatabaseSessionCache(database).set('token', { userId: 7 }, 60);
      expect(readdirSync(folder.path)).toEqual(['a.db', 'a.db-shm', 'a.db-wal']);
      for (const name of readdirSync(folder.path)) expect(modeOf(folder.file(name))).toBe('600');
    } finally {
      process.umask(umask);
    }
  });

  test('in a missing folder is refused, and the folder not made', async () => {
    using folder = new TemporaryFolder();
    const error = await refusal(openDatabase(folder.file('missing/a.db')));
    expect(error.code).toBe('ONEHOST_FOLDER_MISSING');
    expect(error.message).toContain(folder.file('missing'));
    expect(existsSync(folder.file('missing'))).toBe(false);
  });

  test.each(['', ':memory:', 'file:a.db', 'a.db\n', ' a.db', undefined, 7])(
    'is not named by %j',
    async (file) => {
      const error = await refusal(openDatabase(file as string));
      expect(error.code).toBe('ONEHOST_INVALID_OPTION');
    },
  );
});

describe('permissions', () => {
  // The superuser may write everywhere, so these run as somebody else.
  const openAs = (user: number, file: string) =>
    execFileSync(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('./open-as.ts', import.meta.url)), `${user}`, file],
      { encoding: 'utf8' },
    ).trim();
  const nobody = process.getuid?.() === 0 ? 65_534 : (process.getuid?.() ?? 0);

  test('a folder that cannot be written is refused, and nothing is left in it', () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o555);
    expect(openAs(nobody, folder.file('a.db'))).toBe('ONEHOST_FOLDER_NOT_WRITABLE');
    expect(readdirSync(folder.path)).toEqual([]);
    chmodSync(folder.path, 0o755);
  });

  test('a file that cannot be written is refused, and left as it is', () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o777);
    writeFileSync(folder.file('a.db'), '');
    chmodSync(folder.file('a.db'), 0o444);
    expect(openAs(nobody, folder.file('a.db'))).toBe('ONEHOST_FILE_NOT_WRITABLE');
    expect(readdirSync(folder.path)).toEqual(['a.db']);
  });

  test('the folder of the same user is accepted', () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o777);
    expect(openAs(nobody, folder.file('a.db'))).toBe('opened');
  });

  test('a folder in the place of the file is refused', async () => {
    using folder = new TemporaryFolder();
    mkdirSync(folder.file('a.db'));
    const error = await refusal(openDatabase(folder.file('a.db')));
    expect(error.code).toBe('ONEHOST_FILE_NOT_WRITABLE');
  });
});

test('a file that is replaced while it is being opened is refused', async () => {
  using folder = new TemporaryFolder();
  (await openDatabase(folder.file('other.db'))).close();
  const replaceIt = async () => {
    renameSync(folder.file('other.db'), folder.file('a.db'));
    return realMachine.nativeMemory();
  };
  const error = await refusal(
    openDatabaseIn({ ...machine, nativeMemory: replaceIt }, folder.file('a.db')),
  );
  expect(error.code).toBe('ONEHOST_DATABASE_REPLACED');
});

describe('the filesystem', () => {
  const shares = { NFS: 0x6969, 'SMB 2': 0xfe534d42 | 0, '9p': 0x01021997, FUSE: 0x65735546 };

  test.each(Object.entries(shares))(
    '%s is refused before anything is written',
    async (name, type) => {
      using folder = new TemporaryFolder();
      const surroundings = { ...machine, filesystemType: () => type };
      const error = await refusal(openDatabaseIn(surroundings, folder.file('a.db')));
      expect(error.code).toBe('ONEHOST_UNSAFE_FILESYSTEM');
      expect(error.message).toContain(name);
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );

  test('a share is accepted when the app insists', async () => {
    using folder = new TemporaryFolder();
    const surroundings = { ...machine, filesystemType: () => shares.NFS };
    const options = { allowUnsafeFilesystem: true };
    await using database = await openDatabaseIn(surroundings, folder.file('a.db'), options);
    expect(database.file).toBe(folder.file('a.db'));
  });
});

describe('a file that is there', () => {
  test('is no database: refused, and left as it is', async () => {
    using folder = new TemporaryFolder();
    const text = 'a letter to my grandmother, and not a database at all. '.repeat(40);
    writeFileSync(folder.file('a.db'), text);
    const error = await refusal(openDatabase(folder.file('a.db')));
    expect(error.code).toBe('ONEHOST_NOT_A_DATABASE');
    expect(readFileSync(folder.file('a.db'), 'utf8')).toBe(text);
    expect(readdirSync(folder.path)).toEqual(['a.db']);
  });

  test('has a newer schema: refused, and left as it is', async () => {
    using folder = new TemporaryFolder();
    (await openDatabase(folder.file('a.db'))).close();
    withConnection(folder.file('a.db'), (connection) => {
      connection.exec("insert into onehost_migrations values ('9999_future', '2030-01-01')");
    });
    const before = readFileSync(folder.file('a.db'));
    const error = await refusal(openDatabase(folder.file('a.db')));
    expect(error.code).toBe('ONEHOST_SCHEMA_TOO_NEW');
    expect(error.message).toContain('9999_future');
    expect(readFileSync(folder.file('a.db')).equals(before)).toBe(true);
  });

  test('has tables of the app: they stay, and get no company but onehost’s', async () => {
    using folder = new TemporaryFolder();
    withConnection(folder.file('a.db'), (connection) => {
      connection.exec("create table jobs (name text); insert into jobs values ('mine')");
    });
    (await openDatabase(folder.file('a.db'))).close();
    withConnection(folder.file('a.db'), (connection) => {
      expect(connection.prepare('select * from jobs').all()).toEqual([{ name: 'mine' }]);
      const names = connection.prepare("select name from sqlite_schema where type = 'table'");
      const others = (names.pluck().all() as string[]).filter((name) => name !== 'jobs');
      expect(others.filter((name) => !name.startsWith('onehost_'))).toEqual([]);
    });
  });

  test('has a table in the way of a migration: all is undone, and the table named', async () => {
    using folder = new TemporaryFolder();
    withConnection(folder.file('a.db'), (connection) => {
      connection.exec('create table onehost_session_changes (mine text)');
    });
    const error = await refusal(openDatabase(folder.file('a.db')));
    expect(error.code).toBe('ONEHOST_MIGRATION_FAILED');
    expect(error.message).toContain('onehost_session_changes');
    withConnection(folder.file('a.db'), (connection) => {
      const names = connection.prepare('select name from sqlite_schema').pluck().all();
      expect(names).toEqual(['onehost_session_changes']);
    });
  });

  test('is opened again with its sessions', async () => {
    using folder = new TemporaryFolder();
    {
      await using database = await openDatabase(folder.file('a.db'));
      new DatabaseSessionCache(database).set('token', { userId: 7 }, 60);
    }
    expect(readdirSync(folder.path)).toEqual(['a.db']);
    await using database = await openDatabase(folder.file('a.db'));
    expect(new DatabaseSessionCache(database).get('token')).toEqual({ userId: 7 });
  });
});

describe('a file by another name', () => {
  test('through a symbolic link is the same file, checks and all', async () => {
    using folder = new TemporaryFolder();
    mkdirSync(folder.file('data'));
    await using direct = await openDatabase(folder.file('data/real.db'));
    symlinkSync(folder.file('data/real.db'), folder.file('link.db'));
    symlinkSync(folder.file('data'), folder.file('folder'));
    for (const name of ['link.db', 'folder/real.db']) {
      await using linked = await openDatabase(folder.file(name));
      expect(linked.file).toBe(direct.file);
    }
    const asked: string[] = [];
    const surroundings = {
      ...machine,
      filesystemType: (path: string) => {
        asked.push(path);
        return 0x6969;
      },
    };
    const error = await refusal(openDatabaseIn(surroundings, folder.file('link.db')));
    expect(error.code).toBe('ONEHOST_UNSAFE_FILESYSTEM');
    expect(asked).toEqual([folder.file('data')]);
  });

  test('with two names, or with a name that leads nowhere, is refused', async () => {
    using folder = new TemporaryFolder();
    (await openDatabase(folder.file('a.db'))).close();
    linkSync(folder.file('a.db'), folder.file('b.db'));
    symlinkSync(folder.file('missing.db'), folder.file('c.db'));
    for (const name of ['a.db', 'b.db', 'c.db']) {
      const error = await refusal(openDatabase(folder.file(name)));
      expect(error.code).toBe('ONEHOST_AMBIGUOUS_FILE');
    }
    expect(existsSync(folder.file('missing.db'))).toBe(false);
  });
});

describe('after the machine went down', () => {
  /** A file whose processes never closed it, with one page overwritten in the middle. */
  async function leaveDamaged(folder: TemporaryFolder, sql = 'select 1'): Promise<string> {
    const file = folder.file('a.db');
    await using database = await openDatabaseIn(machine, folder.file('live.db'));
    const cache = new DatabaseSessionCache<TestSession>(database);
    for (let user = 0; user < 200; user++) {
      cache.set(`token ${user}`, { userId: user, text: 'x'.repeat(500) }, 3600);
    }
    withConnection(database.file, (connection) => {
      connection.exec(sql);
      connection.pragma('wal_checkpoint(truncate)');
      cache.set('last', { userId: 7 }, 60);
    });
    const bytes = readFileSync(database.file);
    bytes.fill(0x5a, 4096 * 6, 4096 * 7);
    writeFileSync(file, bytes);
    writeFileSync(`${file}-wal`, readFileSync(`${database.file}-wal`));
    return file;
  }

  test('a damaged file is found out when it is opened, each time that somebody tries', async () => {
    using folder = new TemporaryFolder();
    const file = await leaveDamaged(folder);
    // A supervisor starts the app again and again.
    for (const bootId of ['next boot', 'next boot', 'the one after']) {
      const error = await refusal(openDatabaseIn({ ...machine, bootId: () => bootId }, file));
      expect(error.code).toBe('ONEHOST_DATABASE_CORRUPT');
    }
  });

  test('a damaged file is found out before a new version of the app changes its schema', async () => {
    using folder = new TemporaryFolder();
    // Which would fail on a file that has it already.
    const isPending = "delete from onehost_migrations where name like '0004%'";
    const file = await leaveDamaged(folder, isPending);
    const next = { ...machine, bootId: () => 'next boot' };
    const error = await refusal(openDatabaseIn(next, file));
    expect(error.code).toBe('ONEHOST_DATABASE_CORRUPT');
  });

  test('the check is not made again during the same boot, nor where nothing was left over', async () => {
    using folder = new TemporaryFolder();
    const file = await leaveDamaged(folder);
    await using same = await openDatabaseIn(machine, file);
    expect(same.file).toBe(file);
    using sound = new TemporaryFolder();
    (await openDatabaseIn(machine, sound.file('a.db'))).close();
    const next = { ...machine, bootId: () => 'next boot' };
    await using again = await openDatabaseIn(next, sound.file('a.db'));
    expect(again.file).toBe(sound.file('a.db'));
  });

  test('a file cut short is refused with an error of ours', async () => {
    using folder = new TemporaryFolder();
    (await openDatabase(folder.file('a.db'))).close();
    truncateSync(folder.file('a.db'), 5000);
    const error = await refusal(openDatabase(folder.file('a.db')));
    expect(error.code).toBe('ONEHOST_DATABASE_CORRUPT');
  });
});

describe('options', () => {
  test('nothing waits inside SQLite, where nobody could say how', async () => {
    using folder = new TemporaryFolder();
    await using database = await openDatabase(folder.file('a.db'), { lockWaitSeconds: 1e9 });
    expect(database.connection.pragma('busy_timeout', { simple: true })).toBe(0);
  });

  test.each([
    [{ lockWaitSeconds: 0 }, 'ONEHOST_INVALID_DURATION', 'lockWaitSeconds'],
    [{ lockWaitSeconds: Number.NaN }, 'ONEHOST_INVALID_DURATION', 'NaN'],
    [{ changeLogEntries: 10 }, 'ONEHOST_INVALID_OPTION', '128'],
    [{ lockwaitseconds: 5 }, 'ONEHOST_INVALID_OPTION', 'it should be "lockWaitSeconds"'],
    [{ colour: 'red' }, 'ONEHOST_INVALID_OPTION', 'changeLogEntries'],
    [null, 'ONEHOST_INVALID_OPTION', 'null'],
  ])('%j is refused with %s', async (options, code, words) => {
    using folder = new TemporaryFolder();
    const opening = openDatabase(folder.file('a.db'), options as OpenDatabaseOptions);
    const error = await refusal(opening);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
