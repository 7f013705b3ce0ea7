import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

/** Runs `end-of-process.ts` until it ends, by itself or otherwise. */
function run(file: string, how: 'by-itself' | 'killed') {
  const program = fileURLToPath(new URL('./end-of-process.ts', import.meta.url));
  const node = ['--import', 'tsx', program, file, how];
  return spawnSync(process.execPath, node, { encoding: 'utf8', timeout: 50_000 });
}

describe('a process that uses a cache', () => {
  test('ends by itself when it has nothing left to do: no timer keeps it alive', () => {
    using folder = new TemporaryFolder();
    const { status, signal, stderr } = run(folder.file('a.db'), 'by-itself');
    expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
  });

  test('loses nothing that had returned when it is killed', async () => {
    using folder = new TemporaryFolder();
    expect(run(folder.file('a.db'), 'killed').signal).toBe('SIGKILL');
    await using database = await openDatabase(folder.file('a.db'));
    const cache = new DatabaseSessionCache(database);
    expect(cache.get('set')).toEqual({ userId: 7 });
    expect(cache.get('loaded')).toEqual({ userId: 8 });
    expect(cache.get('revoked')).toBeNull();
  });
});
