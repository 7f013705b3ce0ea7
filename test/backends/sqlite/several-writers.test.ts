import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';
import { runTogether } from '../../support/child-process.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import type { WriteOrder, WriteReport } from './write-without-pause.ts';

const program = new URL('./write-without-pause.ts', import.meta.url);
const PROCESSES = 6;
const MEGABYTE = 1_000_000;

async function writeTogether(folder: TemporaryFolder, options: Partial<WriteOrder> = {}) {
  const reportFile = (index: number) => folder.file(`report-${index}`);
  const orderFor = (index: number): WriteOrder => ({
    file: folder.file('a.db'),
    index,
    seconds: 3,
    endsKilled: false,
    reportFile: reportFile(index),
    everybody: Array.from({ length: PROCESSES }, (_, index) => reportFile(index)),
    ...options,
  });
  const run = runTogether(program, PROCESSES, orderFor);
  if (options.endsKilled === true) await expect(run).rejects.toThrow('SIGKILL');
  else await run;
  return Array.from({ length: PROCESSES }, (_, index) => reportFile(index));
}

function readReport(file: string): WriteReport {
  return JSON.parse(readFileSync(file, 'utf8')) as WriteReport;
}

describe(`${PROCESSES} processes that write without a pause`, () => {
  test('all get their turns, and the -wal stays bounded', async () => {
    // Whoever syncs a slow disk in a checkpoint writes nothing meanwhile: this is about the lock alone.
    using folder = TemporaryFolder.inMemory();
    // Keeps the -wal from being removed with the last of the writers.
    await using database = await openDatabase(folder.file('a.db'));
    const reports = (await writeTogether(folder)).map(readReport);
    expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
    const counts = reports.map(({ writes }) => writes);
    console.log('writes of each process:', counts.join(' '));
    // Bounds for a machine that does much else; `bench/contention` has those that are promised.
    expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) / 4);
    expect(Math.max(...reports.map(({ worstSeconds }) => worstSeconds))).toBeLessThan(3);
    expect(statSync(`${database.file}-wal`).size).toBeLessThan(200 * MEGABYTE);
  });

  test('and are killed in the middle of it leave a sound file with all that had returned', async () => {
    using folder = new TemporaryFolder();
    await using database = await openDatabase(folder.file('a.db'));
    const files = await writeTogether(folder, { seconds: 1, endsKilled: true });
    const cache = new DatabaseSessionCache(database);
    const writers = files.flatMap((file, index) => {
      try {
        return [{ index, ...readReport(file) }];
      } catch {
        return []; // Ended with the first of them, before its time was over.
      }
    });
    expect(writers.length).toBeGreaterThan(0);
    for (const { index, writes } of writers) {
      const last = writes - 1;
      expect(cache.get(`${index} ${last % 1000}`)).toEqual({ userId: last });
    }
    expect(database.connection.pragma('integrity_check', { simple: true })).toBe('ok');
    cache.set('token', { userId: 7 }, 60);
    expect(cache.get('token')).toEqual({ userId: 7 });
  });
});
