import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const hasStrace = spawnSync('strace', ['-V']).status === 0;
if (!hasStrace) console.warn('skipped: durability needs strace (apt-get install strace)');
// In CI nothing is skipped: without strace these fail there.
const traced = test.skipIf(!hasStrace && process.env['CI'] === undefined);

const invalidateOnce = new URL('./invalidate-once.ts', import.meta.url);
const recordOnce = new URL('./record-once.ts', import.meta.url);

/** The system calls on the database's files while one write of the program was under way, in order. */
function callsDuringWrite(
  folder: TemporaryFolder,
  program: URL,
  ...options: string[]
): { call: string; file: string }[] {
  const trace = folder.file('trace');
  const node = [process.execPath, '--import', 'tsx', fileURLToPath(program)];
  const calls = 'trace=write,pwrite64,fsync,fdatasync,msync';
  execFileSync(
    'strace',
    ['-f', '-y', '-e', calls, '-o', trace, ...node, folder.file('a.db'), ...options],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const lines = execFileSync('cat', [trace], { encoding: 'utf8' }).split('\n');
  const begin = lines.findIndex((line) => /the (invalidation|write) begins/.test(line));
  const end = lines.findIndex((line) => /the (invalidation|write) has returned/.test(line));
  expect(begin).toBeGreaterThan(0);
  expect(end).toBeGreaterThan(begin);
  return lines.slice(begin, end).flatMap((line) => {
    const [, call, file] = /(\w+)\(\d+<([^>]*)>/.exec(line) ?? [];
    return call !== undefined && file?.includes('/a.db') ? [{ call, file }] : [];
  });
}

function expectSynced(calls: { call: string; file: string }[]): void {
  const ofWal = calls.filter(({ file }) => file.endsWith('-wal')).map(({ call }) => call);
  expect(ofWal.filter((call) => call === 'pwrite64').length).toBeGreaterThan(0);
  expect(ofWal.at(-1)).toMatch(/^f(data)?sync$/);
}

function expectNotSynced(calls: { call: string; file: string }[]): void {
  expect(calls.map(({ call }) => call)).toContain('pwrite64');
  expect(calls.filter(({ call }) => call.endsWith('sync'))).toEqual([]);
}

describe('what an invalidation that has returned outlives', () => {
  traced.each(['invalidate', 'invalidateByUser', 'invalidateById', 'clear'])(
    'a power cut, by default: %s has synced the -wal after its last write to it',
    (method) => {
      using folder = new TemporaryFolder();
      expectSynced(callsDuringWrite(folder, invalidateOnce, 'power-loss', method));
    },
  );

  traced('a power cut: a fencing token that somebody has seen, too', () => {
    using folder = new TemporaryFolder();
    expectSynced(callsDuringWrite(folder, invalidateOnce, 'power-loss', 'acquire'));
  });

  traced('the processes alone, if the app says so: nothing is synced', () => {
    using folder = new TemporaryFolder();
    expectNotSynced(callsDuringWrite(folder, invalidateOnce, 'process-crash', 'invalidate'));
  });
});

describe('what a record of a job outlives', () => {
  traced.each(['begin', 'recordUnrun', 'rewind'])(
    'a power cut, if a tick could run twice without it: %s',
    (method) => {
      using folder = new TemporaryFolder();
      expectSynced(callsDuringWrite(folder, recordOnce, method));
    },
  );

  traced('the processes alone, if it is that of an end: finish', () => {
    using folder = new TemporaryFolder();
    expectNotSynced(callsDuringWrite(folder, recordOnce, 'finish'));
  });
});
