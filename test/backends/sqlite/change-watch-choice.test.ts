import SqliteConnection from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { NativeMemory } from '../../../src/backends/sqlite/native-memory.ts';
import { openDatabaseIn } from '../../../src/backends/sqlite/open-database.ts';
import { machine, type Surroundings } from '../../../src/backends/sqlite/surroundings.ts';
import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';
import { withoutWalIndexWatch } from '../../support/change-watches.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

function newFile(): string {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  return folder.file('a.db');
}

const withoutKoffi = () =>
  Promise.reject(
    Object.assign(new Error("Cannot find package 'koffi'"), { code: 'ERR_MODULE_NOT_FOUND' }),
  );

/** Memory in which something is other than it should be. */
async function memoryWhere(
  change: (words: Int32Array) => void,
  addressOffset = 0n,
): Promise<{ memory: NativeMemory; unmapped: () => number }> {
  const real = await machine.nativeMemory();
  let unmapped = 0;
  const memory: NativeMemory = {
    mapAgain(address, length) {
      const view = real.mapAgain(address, length);
      const words = Int32Array.from(new Int32Array(view.buffer));
      change(words);
      return {
        address: view.address + addressOffset,
        buffer: words.buffer,
        unmap: () => {
          unmapped++;
          view.unmap();
        },
      };
    },
  };
  return { memory, unmapped: () => unmapped };
}

const obstacles: Record<string, { surroundings: Partial<Surroundings>; says: RegExp }> = {
  'koffi is not installed': {
    surroundings: { nativeMemory: withoutKoffi },
    says: /npm install koffi/,
  },
  'this is another platform': {
    surroundings: { platform: 'darwin-arm64' },
    says: /linux-x64 and linux-arm64, and this is darwin-arm64\./,
  },
  'there is no /proc': {
    surroundings: {
      processMappings: () => {
        throw new Error('ENOENT: no such file');
      },
    },
    says: /ENOENT/,
  },
  'SQLite has not mapped the -shm': {
    surroundings: { processMappings: () => '' },
    says: /SQLite has not mapped/,
  },
  'the -shm was deleted and made anew': {
    surroundings: {
      processMappings: () =>
        machine.processMappings().replaceAll(/(rw-s 0+ .*-shm)$/gm, '$1 (deleted)'),
    },
    says: /was deleted while it was in use/,
  },
};

describe.skipIf(withoutWalIndexWatch)('what database.changeWatch is', () => {
  test.each([
    [undefined, 'wal-index'],
    ['auto', 'wal-index'],
    ['wal-index', 'wal-index'],
    ['data-version', 'data-version'],
  ] as const)('with changeWatch: %s it is %s', async (changeWatch, kind) => {
    await using database = await openDatabase(newFile(), { changeWatch });
    expect(database.changeWatch).toBe(kind);
  });

  test.each(Object.entries(obstacles))(
    'where %s, "auto" is data-version, and "wal-index" an error that says so',
    async (_, { surroundings, says }) => {
      const file = newFile();
      const there = { ...machine, ...surroundings };
      await using database = await openDatabaseIn(there, file);
      expect(database.changeWatch).toBe('data-version');
      await expect(openDatabaseIn(there, file, { changeWatch: 'wal-index' })).rejects.toMatchObject(
        {
          code: 'ONEHOST_CHANGE_WATCH_UNAVAILABLE',
          message: expect.stringMatching(says),
          cause: expect.any(Error),
        },
      );
      const cache = new DatabaseSessionCache(database);
      cache.set('token', { userId: 7 }, 60);
      expect(cache.get('token')).toEqual({ userId: 7 });
    },
  );

  test('a header of a version that is not known is not used, and its mapping is let go of', async () => {
    const { memory, unmapped } = await memoryWhere((words) => words.fill(3_007_001, 0, 1));
    const there = { ...machine, nativeMemory: async () => memory };
    await using database = await openDatabaseIn(there, newFile());
    expect(database.changeWatch).toBe('data-version');
    expect(unmapped()).toBe(1);
  });

  test('what turns out to be mapped from elsewhere is not used, and let go of', async () => {
    // As if another thread had closed its database between the two looks at the mappings.
    const { memory, unmapped } = await memoryWhere(() => {}, 4096n * 4096n);
    const there = { ...machine, nativeMemory: async () => memory };
    await using database = await openDatabaseIn(there, newFile());
    expect(database.changeWatch).toBe('data-version');
    expect(unmapped()).toBe(1);
  });

  test('no connection is left open where "wal-index" is refused', async () => {
    const file = newFile();
    const there = { ...machine, nativeMemory: withoutKoffi };
    await openDatabaseIn(there, file, { changeWatch: 'wal-index' }).catch(() => {});
    const connection = new SqliteConnection(file);
    // Needs the file for itself.
    expect(connection.pragma('journal_mode = delete', { simple: true })).toBe('delete');
    connection.close();
  });

  test('an unknown one is refused, and the known ones are named', async () => {
    await expect(openDatabase(newFile(), { changeWatch: 'mmap' as never })).rejects.toMatchObject({
      code: 'ONEHOST_INVALID_OPTION',
      message: expect.stringContaining('"auto", "wal-index", "data-version"'),
    });
  });
});
