import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SideFileLocks } from '../../../src/backends/sqlite/process-locks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

test('the lock of an instance is busy for as long as it is held', () => {
  using folder = new TemporaryFolder();
  const [us, them] = ['us', 'them'].map((id) => new SideFileLocks(folder.file('a.db'), id));
  expect(us?.look('them')).toBe('unknown');
  them?.hold();
  them?.hold();
  for (let look = 0; look < 3; look++) expect(us?.look('them')).toBe('busy');
  expect(statSync(folder.file('a.db-holder-them')).mode & 0o777).toBe(0o600);
  them?.release();
  expect(us?.look('them')).not.toBe('busy');
  us?.release();
  expect(readdirSync(folder.path)).toEqual([]);
});

test('no journal stands beside it, which the next to look would have to roll back', () => {
  using folder = new TemporaryFolder();
  const locks = new SideFileLocks(folder.file('a.db'), 'us');
  locks.hold();
  expect(readdirSync(folder.path)).toEqual(['a.db-holder-us']);
  locks.release();
});

test('a file that is no lock file says nothing', () => {
  using folder = new TemporaryFolder();
  const locks = new SideFileLocks(folder.file('a.db'), 'us');
  writeFileSync(
    folder.file('a.db-holder-them'),
    'something else, of more than one page'.repeat(99),
  );
  expect(locks.look('them')).toBe('unknown');
  expect(locks.look('them')).toBe('unknown');
  locks.release();
});

test('what processes left behind is removed by the next that holds a lock, and nothing else', () => {
  using folder = new TemporaryFolder();
  const file = folder.file('a.db');
  const old = new Date(Date.now() - 3_600_000);
  const living = new SideFileLocks(file, 'living');
  living.hold();
  for (const id of ['dead', 'young']) {
    writeFileSync(`${file}-holder-${id}`, '');
  }
  writeFileSync(folder.file('b.db-holder-other'), '');
  for (const name of ['a.db-holder-dead', 'a.db-holder-living', 'b.db-holder-other']) {
    utimesSync(folder.file(name), old, old);
  }
  const us = new SideFileLocks(file, 'us');
  us.hold();
  expect(readdirSync(folder.path).toSorted()).toEqual([
    'a.db-holder-living',
    'a.db-holder-us',
    'a.db-holder-young',
    'b.db-holder-other',
  ]);
  expect(us.look('living')).toBe('busy');
  us.release();
  living.release();
});

test('what a dead holder left behind is removed by whoever takes over', () => {
  using folder = new TemporaryFolder();
  const file = folder.file('a.db');
  writeFileSync(`${file}-holder-dead`, '');
  const locks = new SideFileLocks(file, 'us');
  expect(locks.look('dead')).toBe('free');
  locks.forget('dead');
  expect(existsSync(`${file}-holder-dead`)).toBe(false);
  expect(locks.look('dead')).toBe('unknown');
  locks.release();
});
