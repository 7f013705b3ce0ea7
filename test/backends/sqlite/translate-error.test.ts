import SqliteConnection from 'better-sqlite3';
import { expect, test } from 'vitest';
import { isBusy, translateError } from '../../../src/backends/sqlite/translate-error.ts';

test.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL'])(
  '%s is tried again, and then told as a lock that others held',
  (code) => {
    const cause = new SqliteConnection.SqliteError('locked', code);
    expect(isBusy(cause)).toBe(true);
    expect(translateError(cause, 'a.db', 5)).toMatchObject({
      code: 'ONEHOST_DATABASE_BUSY',
      cause,
    });
  },
);

test('what another try would not change is not tried again', () => {
  const cause = new SqliteConnection.SqliteError('no room', 'SQLITE_FULL');
  expect(isBusy(cause)).toBe(false);
  expect(translateError(cause, 'a.db', 5)).toMatchObject({ code: 'ONEHOST_DATABASE_FULL', cause });
});
