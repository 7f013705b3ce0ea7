import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { type Entry, HistoryWriter, readHistory } from './history-file.ts';

let folder: TemporaryFolder;
let file: string;
let writer: HistoryWriter;

beforeEach(() => {
  folder = new TemporaryFolder();
  file = folder.file('history');
  writer = new HistoryWriter(file);
});

afterEach(() => {
  writer.close();
  folder[Symbol.dispose]();
});

const entry = (kind: Entry['kind'], id: number, begin: number): Entry => ({
  kind,
  id,
  token: 3,
  user: 4,
  session: 1e12 + 5,
  result: 6,
  version: 7,
  begin,
  end: begin + 1,
});

test('operations are read as they were written, however many', () => {
  const entries = Array.from({ length: 2000 }, (_, index) => entry('get', index, 10 * index + 1));
  for (const each of entries) writer.add(each);
  writer.flush();
  expect(readHistory(file, null).operations).toEqual(
    entries.map((each) => ({ ...each, isCut: false })),
  );
});

test('what changes anything is in the file before it begins, with all before it', () => {
  const [read, set] = [entry('get', 1, 10), entry('set', 2, 20)];
  writer.add(read);
  expect(readFileSync(file)).toHaveLength(0);
  writer.announce(set);
  // Of a process that was killed now, at 99.
  expect(readHistory(file, 99)).toEqual({
    operations: [
      { ...read, isCut: false },
      { ...set, result: 0, end: 99, isCut: true },
    ],
    endedAt: 99,
  });
});

test('one that has returned was not cut off, although the process was killed later', () => {
  const [set, clear] = [entry('set', 1, 10), entry('clear', 2, 20)];
  for (const each of [set, clear]) {
    writer.announce(each);
    writer.add(each);
  }
  writer.flush();
  expect(readHistory(file, 99).operations).toEqual(
    [set, clear].map((each) => ({ ...each, isCut: false })),
  );
});

test('one that was announced and of which the end was lost with the process is taken for cut off', () => {
  const set = entry('set', 1, 10);
  writer.announce(set);
  writer.add(set);
  expect(readHistory(file, 99).operations).toMatchObject([{ id: 1, end: 99, isCut: true }]);
});

test('an announcement that was not written whole was never followed by anything', () => {
  writer.announce(entry('set', 1, 10));
  writer.add(entry('set', 1, 10));
  writer.flush();
  const whole = readFileSync(file);
  writer.announce(entry('clear', 2, 20));
  truncateSync(file, whole.length + 40);
  expect(readHistory(file, 99).operations).toMatchObject([{ id: 1, isCut: false }]);
  appendFileSync(file, new Uint8Array(3));
  expect(readHistory(file, 99).operations).toHaveLength(1);
});

test('a process that has come to the end of its round leaves nothing without an end', () => {
  writer.announce(entry('set', 1, 10));
  expect(() => readHistory(file, null)).toThrow('has no end of operation 1');
});
