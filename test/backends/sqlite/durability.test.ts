import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Durability } from '../../../src/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const hasStrace = spawnSync('strace', ['-V']).status === 0;
if (!hasStrace) console.warn('skipped: durability needs strace (apt-get install strace)');
// In CI nothing is skipped: without strace these fail there.
const traced = test.skipIf(!hasStrace && process.env['CI'] === undefined);

/** The system calls on the database's files while one invalidation was under way, in order. */
function callsDuringInvalidation(
  folder: TemporaryFolder,
  durability: Durability,
  method: string,
): { call: string; file: string }[] {
  const trace = folder.file('trace');
  const program = fileURLToPath(new URL('./invalidate-once.ts', import.meta.url));
  const node = [process.execPath, '--import', 'tsx', program];
  const calls = 'trace=write,pwrite64,fsync,fdatasync,msync';
  execFileSync(
    'strace',
    ['-f', '-y', '-e', calls, '-o', trace, ...node, folder.file('a.db'), durability, method],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const lines = execFileSync('cat', [trace], { encoding: 'utf8' }).split('\n');
  const begin = lines.findIndex((line) => line.includes('the invalidation begins'));
  const end = lines.findIndex((line) => line.includes('the invalidation has returned'));
  expect(begin).toBeGreaterThan(0);
  expect(end).toBeGreaterThan(begin);
  return lines.slice(begin, end).flatMap((line) => {
    const [, call, file] = /(\w+)\(\d+<([^>]*)>/.exec(line) ?? [];
    return call !== undefined && file?.includes('/a.db') ? [{ call, file }] : [];
  });
}

describe('what an invalidation that has returned outlives', () => {
  traced.each(['invalidate', 'invalidateByUser', 'invalidateById', 'clear'])(
    'a power cut, by default: %s has synced the -wal after its last write to it',
    (method) => {
      using folder = new TemporaryFolder();
      const calls = callsDuringInvalidation(folder, 'power-loss', method);
      const ofWal = calls.filter(({ file }) => file.endsWith('-wal')).map(({ call }) => call);
      expect(ofWal.filter((call) => call === 'pwrite64').length).toBeGreaterThan(0);
      expect(ofWal.at(-1)).toMatch(/^f(data)?sync$/);
    },
    30_000,
  );

  traced(
    'a power cut: so does a fencing token that somebody has seen',
    () => {
      using folder = new TemporaryFolder();
      const calls = callsDuringInvalidation(folder, 'power-loss', 'acquire');
      const ofWal = calls.filter(({ file }) => file.endsWith('-wal')).map(({ call }) => call);
      expect(ofWal.at(-1)).toMatch(/^f(data)?sync$/);
    },
    30_000,
  );

  traced(
    'the processes alone, if the app says so: nothing is synced',
    () => {
      using folder = new TemporaryFolder();
      const calls = callsDuringInvalidation(folder, 'process-crash', 'invalidate');
      expect(calls.map(({ call }) => call)).toContain('pwrite64');
      expect(calls.filter(({ call }) => call.endsWith('sync'))).toEqual([]);
    },
    30_000,
  );
});
