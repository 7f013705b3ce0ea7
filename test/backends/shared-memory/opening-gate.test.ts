import SqliteConnection from 'better-sqlite3';
import { expect, test } from 'vitest';
import { OpeningGate } from '../../../src/backends/shared-memory/opening-gate.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

test('a writer that waits in vain for somebody who opens is told whom to look for, and its work is not done', () => {
  using folder = new TemporaryFolder();
  const gate = new OpeningGate(folder.file('gate'), 0.05);
  const opener = new SqliteConnection(folder.file('gate'));
  opener.exec('begin exclusive');
  let isDone = false;
  const write = () =>
    gate.beside(() => {
      isDone = true;
    });
  expect(write).toThrow(
    expect.objectContaining({
      code: 'ONEHOST_SHARED_MEMORY_FAILED',
      message: expect.stringContaining('kill -CONT'),
    }),
  );
  expect(isDone).toBe(false);
  opener.exec('rollback');
  write();
  expect(isDone).toBe(true);
  opener.close();
  gate.close();
});

test('whoever comes while somebody else opens for too long is told the same', () => {
  using folder = new TemporaryFolder();
  new OpeningGate(folder.file('gate')).close();
  const opener = new SqliteConnection(folder.file('gate'));
  opener.exec('begin exclusive');
  expect(() => new OpeningGate(folder.file('gate'), 0.05)).toThrow(
    expect.objectContaining({
      code: 'ONEHOST_SHARED_MEMORY_FAILED',
      message: expect.stringContaining('kill -CONT'),
    }),
  );
  opener.close();
});
