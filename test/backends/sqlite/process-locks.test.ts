import {
  chmodSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { SideFileLocks } from '../../../src/backends/sqlite/process-locks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const nobodyIsNamed = () => false;

/** An id as instances have it. */
function id(letter: string): string {
  return letter.repeat(32);
}

test('the lock of an instance is busy for as long as it is held', () => {
  using folder = new TemporaryFolder();
  const [us, them] = ['us', 'them'].map((name) => new SideFileLocks(folder.file('a.db'), name));
  expect(us?.look('them')).toBe('unknown');
  them?.hold(nobodyIsNamed);
  them?.hold(nobodyIsNamed);
  for (let look = 0; look < 3; look++) expect(us?.look('them')).toBe('busy');
  expect(statSync(folder.file('a.db-holder-them')).mode & 0o777).toBe(0o600);
  them?.release({ isNamed: false });
  expect(us?.look('them')).not.toBe('busy');
  us?.release({ isNamed: false });
  expect(readdirSync(folder.path)).toEqual([]);
});

test('no journal stands beside it, which the next to look would have to roll back', () => {
  using folder = new TemporaryFolder();
  const locks = new SideFileLocks(folder.file('a.db'), 'us');
  locks.hold(nobodyIsNamed);
  expect(readdirSync(folder.path)).toEqual(['a.db-holder-us']);
  locks.release({ isNamed: false });
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
  locks.release({ isNamed: false });
});

test('what processes left behind is removed by the next that holds a lock, and nothing else', () => {
  using folder = new TemporaryFolder();
  const file = folder.file('a.db');
  const [living, dead, named, young] = ['a', 'd', 'e', 'f'].map(id) as [
    string,
    string,
    string,
    string,
  ];
  const locks = new SideFileLocks(file, living);
  locks.hold(nobodyIsNamed);
  for (const each of [dead, named, young]) writeFileSync(`${file}-holder-${each}`, '');
  writeFileSync(folder.file(`b.db-holder-${dead}`), '');
  writeFileSync(`${file}-holder-notes.txt`, '');
  writeFileSync(folder.file('elsewhere'), '');
  symlinkSync(folder.file('elsewhere'), `${file}-holder-${id('0')}`);
  const old = new Date(Date.now() - 3_600_000);
  for (const name of readdirSync(folder.path)) {
    if (!name.endsWith(young)) utimesSync(folder.file(name), old, old);
  }
  const us = new SideFileLocks(file, 'us');
  // A lease still names it: that it has ended is for the others to see.
  us.hold((instanceId) => instanceId === named);
  expect(readdirSync(folder.path).toSorted()).toEqual(
    [
      `a.db-holder-${id('0')}`,
      `a.db-holder-${living}`,
      `a.db-holder-${named}`,
      `a.db-holder-${young}`,
      'a.db-holder-notes.txt',
      'a.db-holder-us',
      `b.db-holder-${dead}`,
      'elsewhere',
    ].toSorted(),
  );
  expect(us.look(living)).toBe('busy');
  expect(us.look(named)).toBe('free');
  us.release({ isNamed: false });
  locks.release({ isNamed: false });
});

test('what cannot be removed keeps nobody from holding a lock', () => {
  using folder = new TemporaryFolder();
  const file = folder.file('a.db');
  for (let left = 0; left < 150; left++) {
    mkdirSync(`${file}-holder-${left.toString(16).padStart(32, '0')}`);
  }
  writeFileSync(`${file}-holder-${id('d')}`, '');
  const old = new Date(Date.now() - 3_600_000);
  for (const name of readdirSync(folder.path)) utimesSync(folder.file(name), old, old);
  const us = new SideFileLocks(file, id('a'));
  us.hold(nobodyIsNamed);
  expect(readdirSync(folder.path)).not.toContain(`a.db-holder-${id('d')}`);
  us.release({ isNamed: false });
});

test.skipIf(process.getuid?.() === 0)('a folder that cannot be listed is swept by nobody', () => {
  using folder = new TemporaryFolder();
  chmodSync(folder.path, 0o300);
  const us = new SideFileLocks(folder.file('a.db'), id('a'));
  us.hold(nobodyIsNamed);
  us.release({ isNamed: false });
  chmodSync(folder.path, 0o700);
});
