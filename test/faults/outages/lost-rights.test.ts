import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { next } from '../programs.ts';
import type { Answer, Request } from './live-through.ts';

// The superuser may write everywhere, so these run as somebody else.
const nobody = process.getuid?.() === 0 ? 65_534 : (process.getuid?.() ?? 0);

let folder: TemporaryFolder;
let child: ChildProcess;

beforeEach(async () => {
  folder = new TemporaryFolder();
  chmodSync(folder.path, 0o777);
  const program = fileURLToPath(new URL('./live-through.ts', import.meta.url));
  child = spawn(
    'sh',
    // Few enough to be used up soon.
    ['-c', 'ulimit -n 256 && exec "$@"', 'sh', process.execPath, '--import', 'tsx', program].concat(
      [folder.file('a.db'), `${nobody}`],
    ),
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  await next(child, 'message');
});

afterEach(() => {
  child.kill('SIGKILL');
  folder[Symbol.dispose]();
});

async function ask(request: Request): Promise<Answer> {
  const answered = next(child, 'message');
  child.send(request);
  const [answer] = await answered;
  return answer as Answer;
}

const done = { code: null, message: '' };

describe('a process that has the file open', () => {
  test('and loses its rights on the folder is told so by each write, and within a second by reads; it goes on when it has them back', async () => {
    chmodSync(folder.path, 0o000);
    const refused = { code: 'ONEHOST_FOLDER_NOT_WRITABLE', message: /Check the owner and mode/ };
    for (const request of ['set', 'invalidate', 'acquire', 'open another'] as const) {
      expect(await ask(request), request).toMatchObject({
        code: refused.code,
        message: expect.stringMatching(refused.message),
      });
    }
    await wait(1100);
    expect(await ask('get')).toMatchObject({ code: refused.code });
    chmodSync(folder.path, 0o777);
    expect(await ask('get')).toEqual({ ...done, result: { userId: 7 } });
    expect(await ask('set')).toEqual(done);
    expect(await ask('invalidate')).toEqual({ ...done, result: true });
    expect(await ask('acquire')).toEqual({ ...done, result: 'first' });
  });

  test('and loses its rights on the file goes on, since it has it open, while those that start are refused', async () => {
    for (const suffix of ['', '-wal', '-shm']) chmodSync(folder.file(`a.db${suffix}`), 0o400);
    expect(await ask('set')).toEqual(done);
    expect(await ask('invalidate')).toEqual({ ...done, result: true });
    expect(await ask('open another')).toMatchObject({ code: 'ONEHOST_FILE_NOT_WRITABLE' });
    chmodSync(folder.file('a.db'), 0o600);
    expect((await ask('open another')).code).toBe('ONEHOST_FILE_NOT_WRITABLE');
    for (const suffix of ['-wal', '-shm']) chmodSync(folder.file(`a.db${suffix}`), 0o600);
    expect(await ask('open another')).toEqual(done);
    expect(statSync(folder.file('a.db')).mode & 0o777).toBe(0o600);
  });

  test('and has too many others open reads, writes and revokes; what needs another file is told so, and works when some are closed', async () => {
    expect((await ask('use up descriptors')).result).toBeGreaterThan(100);
    expect(await ask('get')).toEqual({ ...done, result: { userId: 7 } });
    expect(await ask('set')).toEqual(done);
    expect(await ask('invalidate')).toEqual({ ...done, result: true });
    for (const request of ['acquire', 'open another'] as const) {
      expect(await ask(request), request).toMatchObject({
        code: 'ONEHOST_DATABASE_FAILED',
        message: expect.stringMatching(/too many open files/i),
      });
    }
    // Without the thread that it cannot start.
    await wait(1100);
    expect(await ask('purge')).toMatchObject({ code: null, result: { complete: true } });
    await ask('free descriptors');
    expect(await ask('acquire')).toEqual({ ...done, result: 'first' });
    expect(await ask('open another')).toEqual(done);
  });
});
