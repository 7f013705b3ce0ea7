import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { loadLmdb } from '../../../src/backends/shared-memory/load-lmdb.ts';
import { openSharedMemoryIn } from '../../../src/backends/shared-memory/open-shared-memory.ts';
import { machine } from '../../../src/backends/shared-memory/surroundings.ts';
import { newSessionToken, sessionIdOf } from '../../../src/index.ts';
import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { memoryFolder, opened } from './opened.ts';

const NAME = `onehost-${process.geteuid?.()}-test`;

function refusal(code: string, ...words: string[]) {
  return expect.objectContaining({
    code,
    message: expect.stringMatching(new RegExp(words.join('.*'), 's')),
  });
}

describe('the folder', () => {
  test('is for its owner alone, and so are the files in it', async () => {
    const { memory, folder } = await opened();
    expect(memory.file).toBe(folder.file(`${NAME}/sessions.mdb`));
    expect(statSync(folder.file(NAME)).mode & 0o777).toBe(0o700);
    const files = readdirSync(folder.file(NAME));
    expect(files.toSorted()).toEqual(['sessions.mdb', 'sessions.mdb-gate', 'sessions.mdb-lock']);
    for (const file of files)
      expect(statSync(folder.file(`${NAME}/${file}`)).mode & 0o777).toBe(0o600);
  });

  test('has room for the slot of every reader from the beginning: nobody is ended for want of a page', async () => {
    const { memory } = await opened();
    const { size, blocks } = statSync(`${memory.file}-lock`);
    expect(size).toBeGreaterThan(64_000);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
  });

  test('belongs to whom the process acts as when it opens it, and not when it started', () => {
    const geteuid = vi.spyOn(process, 'geteuid').mockReturnValue(4242);
    expect(machine.userId).toBe(4242);
    geteuid.mockRestore();
    expect(machine.userId).toBe(process.geteuid?.());
  });

  test('is refused when it is a symbolic link, also to a folder of our own', async () => {
    const folder = memoryFolder();
    mkdirSync(folder.file('elsewhere'), { mode: 0o700 });
    symlinkSync(folder.file('elsewhere'), folder.file(NAME));
    await expect(openSharedMemory('test', { folder: folder.path })).rejects.toThrow(
      refusal('ONEHOST_FOLDER_NOT_PRIVATE', NAME, 'symbolic link'),
    );
    expect(readdirSync(folder.file('elsewhere'))).toEqual([]);
  });

  test('is refused when somebody else made it', async () => {
    const folder = memoryFolder();
    // A sticky folder, such as /dev/shm is, and this process in the part of the other.
    chmodSync(folder.path, 0o1777);
    const user = (process.geteuid?.() ?? 0) + 4242;
    mkdirSync(folder.file(`onehost-${user}-test`), { mode: 0o700 });
    const another = { ...machine, userId: user };
    await expect(openSharedMemoryIn(another, 'test', { folder: folder.path })).rejects.toThrow(
      refusal('ONEHOST_FOLDER_NOT_PRIVATE', `user ${user}`),
    );
    expect(readdirSync(folder.file(`onehost-${user}-test`))).toEqual([]);
  });

  test.each([0o755, 0o770, 0o701])('is refused when others may enter it: mode %o', async (mode) => {
    const folder = memoryFolder();
    mkdirSync(folder.file(NAME));
    chmodSync(folder.file(NAME), mode);
    await expect(openSharedMemory('test', { folder: folder.path })).rejects.toThrow(
      refusal('ONEHOST_FOLDER_NOT_PRIVATE', mode.toString(8), '0700'),
    );
    expect(readdirSync(folder.file(NAME))).toEqual([]);
  });

  test('is refused where others may replace it, and made where they may not', async () => {
    const folder = memoryFolder();
    chmodSync(folder.path, 0o777);
    await expect(openSharedMemory('test', { folder: folder.path })).rejects.toThrow(
      refusal('ONEHOST_FOLDER_NOT_PRIVATE', '0777', 'sticky'),
    );
    expect(existsSync(folder.file(NAME))).toBe(false);
    chmodSync(folder.path, 0o1777);
    await (await openSharedMemory('test', { folder: folder.path })).close();
  });

  test('is refused when a file is in its place, or the folder around it is missing', async () => {
    const folder = memoryFolder();
    writeFileSync(folder.file(NAME), '');
    await expect(openSharedMemory('test', { folder: folder.path })).rejects.toThrow(
      refusal('ONEHOST_FOLDER_NOT_PRIVATE', 'no folder'),
    );
    await expect(openSharedMemory('test', { folder: folder.file('missing') })).rejects.toThrow(
      refusal('ONEHOST_FOLDER_MISSING', 'missing', '/dev/shm'),
    );
  });

  test.runIf(process.platform === 'linux')('is refused on a disk', async () => {
    const folder = memoryFolder();
    const onDisk = { ...machine, filesystemType: () => 0xef53 };
    await expect(openSharedMemoryIn(onDisk, 'test', { folder: folder.path })).rejects.toThrow(
      refusal('ONEHOST_NOT_IN_MEMORY', '0xef53', 'tmpfs'),
    );
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe('who comes later', () => {
  test('is refused from another PID namespace, and harms nobody', async () => {
    const { folder, cache } = await opened();
    cache.set('token', { userId: 7 }, 60);
    const container = { ...machine, pidNamespace: () => 'pid:[1]' };
    await expect(openSharedMemoryIn(container, 'test', { folder: folder.path })).rejects.toThrow(
      refusal('ONEHOST_FOREIGN_NAMESPACE', NAME, 'pid:\\[1\\]'),
    );
    expect(cache.get('token')).toEqual({ userId: 7 });
  });

  test('is refused when another version of onehost made it', async () => {
    const { folder, memory } = await opened();
    const { open } = await loadLmdb();
    const environment = open<Uint8Array, Uint8Array>({
      path: memory.file,
      noSubdir: true,
      noSync: true,
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    const origins = environment.openDB<Uint8Array, Uint8Array>({
      name: 'origin',
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    origins.putSync(Buffer.from('origin'), Buffer.from('{"format":2,"pidNamespace":"x"}'));
    await environment.close();
    await expect(openSharedMemory('test', { folder: folder.path })).rejects.toThrow(
      refusal('ONEHOST_SCHEMA_TOO_NEW', 'format 2', 'remove the folder'),
    );
  });

  test('finds what was set, by the same name and by no other', async () => {
    const { folder, memory, cache } = await opened();
    cache.set('token', { userId: 7 }, 60);
    await memory.close();
    expect((await opened(folder)).cache.get('token')).toEqual({ userId: 7 });
    const other = await openSharedMemory('other', { folder: folder.path });
    expect(new SharedMemorySessionCache(other).get('token')).toBeNull();
    await other.close();
  });
});

describe('the file', () => {
  test('holds no raw token, whatever was done with it', async () => {
    const { memory, cache } = await opened();
    const tokens = Array.from({ length: 60 }, () => newSessionToken());
    for (const [index, token] of tokens.entries()) {
      cache.set(token, { userId: index % 10, name: `Ada ${index}` }, 3600);
      cache.touch(token, 7200);
      await cache.getOrLoad(`other ${token}`, () => ({
        session: { userId: index },
        ttlSeconds: 60,
      }));
      if (index % 3 === 0) cache.invalidate(token);
    }
    const bytes = readFileSync(memory.file);
    expect(bytes.includes('Ada 59')).toBe(true);
    for (const token of tokens) {
      expect(bytes.includes(token)).toBe(false);
      expect(bytes.includes(Buffer.from(token, 'utf16le'))).toBe(false);
      expect(bytes.includes(Buffer.from(token, 'base64url'))).toBe(false);
      expect(bytes.includes(sessionIdOf(token))).toBe(false);
    }
  });

  test('that was replaced is noticed by a write at once, and by a read within a second', async () => {
    const clock = new ManualClock();
    const { memory, cache } = await opened(memoryFolder(), { clock });
    cache.set('token', { userId: 7 }, 60);
    expect(cache.get('token')).toEqual({ userId: 7 });
    renameSync(memory.file, `${memory.file}.away`);
    const replaced = expect.objectContaining({ code: 'ONEHOST_DATABASE_REPLACED' });
    expect(() => cache.invalidate('token')).toThrow(replaced);
    expect(() => cache.set('token', { userId: 8 }, 60)).toThrow(replaced);
    clock.advance(1);
    expect(() => cache.get('token')).toThrow(replaced);
    renameSync(`${memory.file}.away`, memory.file);
    expect(cache.get('token')).toEqual({ userId: 7 });
  });

  test('that was closed says so, and closing it again does nothing', async () => {
    const { memory, cache } = await opened();
    await memory.close();
    await memory.close();
    const closed = expect.objectContaining({ code: 'ONEHOST_SHARED_MEMORY_CLOSED' });
    expect(() => cache.get('token')).toThrow(closed);
    expect(() => cache.set('token', { userId: 7 }, 60)).toThrow(closed);
  });
});

describe('what cannot be meant is refused', () => {
  test.each(['', '.', '..', '.hidden', 'a/b', 'a b', 'ä', 'x'.repeat(61), 7])(
    'the name %s',
    async (name) => {
      await expect(openSharedMemory(name as string)).rejects.toThrow(
        refusal('ONEHOST_INVALID_OPTION', 'name'),
      );
    },
  );

  test.each([0, 7, 7.5, Number.NaN, '48'])('maxMegabytes of %s', async (maxMegabytes) => {
    await expect(
      openSharedMemory('test', { maxMegabytes: maxMegabytes as number }),
    ).rejects.toThrow(refusal('ONEHOST_INVALID_OPTION', 'maxMegabytes'));
  });

  test('a promise in place of the memory, and a touchWriteShare of 1', async () => {
    const folder = memoryFolder();
    const promise = openSharedMemory('test', { folder: folder.path });
    expect(() => new SharedMemorySessionCache(promise as never)).toThrow(
      refusal('ONEHOST_INVALID_OPTION', 'await it'),
    );
    const memory = await promise;
    expect(() => new SharedMemorySessionCache(memory, { touchWriteShare: 1 })).toThrow(
      refusal('ONEHOST_INVALID_OPTION', 'touchWriteShare'),
    );
    await memory.close();
  });
});

test('without lmdb the error names the package, the command, and the cause', async () => {
  const cause = new Error('Cannot find package');
  await expect(loadLmdb(() => Promise.reject(cause))).rejects.toMatchObject({
    code: 'ONEHOST_PEER_MISSING',
    message: expect.stringContaining('npm install lmdb'),
    cause,
  });
});

test('a folder that is removed while it is in use is noticed', async () => {
  const { folder, cache } = await opened();
  rmSync(folder.file(NAME), { recursive: true });
  expect(() => cache.invalidate('token')).toThrow(refusal('ONEHOST_DATABASE_REPLACED', 'deleted'));
});
