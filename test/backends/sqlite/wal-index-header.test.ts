import { readFileSync } from 'node:fs';
import SqliteConnection from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import {
  CHANGE_COUNTER,
  HEADER_BYTES,
  HEADER_WORDS,
  LAST_FRAME,
  readHeader,
} from '../../../src/backends/sqlite/wal-index-header.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

/** What SQLite itself has written after `commits` commits, and where it stands afterwards. */
function headerOfSqlite(commits: number): Int32Array {
  using folder = new TemporaryFolder();
  const connection = new SqliteConnection(folder.file('a.db'));
  connection.exec('pragma journal_mode = wal; create table t (x)');
  for (let count = 1; count < commits; count++) connection.exec('insert into t values (1)');
  // Closes a descriptor of it and thereby SQLite's locks: nobody else is there to be kept out.
  const bytes = readFileSync(folder.file('a.db-shm')).subarray(0, HEADER_BYTES);
  connection.close();
  return new Int32Array(Uint8Array.from(bytes).buffer);
}

describe('the header of the WAL index', () => {
  test('as SQLite writes it is read, and its counters are where the documentation says', () => {
    const header = readHeader(headerOfSqlite(5));
    expect(header).toHaveLength(HEADER_WORDS);
    expect(header?.[CHANGE_COUNTER]).toBe(5);
    expect(header?.[LAST_FRAME]).toBeGreaterThanOrEqual(5);
  });

  test.each(Array.from({ length: HEADER_WORDS }, (_, word) => [word]))(
    'is none while a writer is at it: word %i of one copy alone is new',
    (word) => {
      for (const copy of [0, HEADER_WORDS]) {
        const words = headerOfSqlite(2);
        words[copy + word] = (words[copy + word] ?? 0) + 1;
        expect(readHeader(words)).toBeNull();
      }
    },
  );

  test('is none if its checksum is not that of its words, though both copies agree', () => {
    const words = headerOfSqlite(2);
    for (const copy of [0, HEADER_WORDS]) words[copy + LAST_FRAME] = 77;
    expect(readHeader(words)).toBeNull();
  });

  test.each([
    ['of another version', 0, 3_007_001],
    ['that was not made yet', 3, 0],
  ])('%s is none', (_, word, value) => {
    const words = headerOfSqlite(2);
    for (const copy of [0, HEADER_WORDS]) {
      words[copy + word] = value;
      correctChecksum(words, copy);
    }
    expect(readHeader(words)).toBeNull();
  });
});

/** By the definition in https://sqlite.org/fileformat2.html#checksum_algorithm, with big numbers. */
function correctChecksum(words: Int32Array, copy: number): void {
  let [s0, s1] = [0n, 0n];
  const word = (at: number) => BigInt((words[copy + at] ?? 0) >>> 0);
  for (let at = 0; at < 10; at += 2) {
    s0 = (s0 + word(at) + s1) % 2n ** 32n;
    s1 = (s1 + word(at + 1) + s0) % 2n ** 32n;
  }
  words[copy + 10] = Number(s0) | 0;
  words[copy + 11] = Number(s1) | 0;
}
