import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/index.ts';
import { runTogether } from '../../support/child-process.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const PROCESSES = 16;
const ROUNDS = 20;

describe('opening a missing file at once', () => {
  test(`${PROCESSES} processes, ${ROUNDS} rounds: all succeed, with one schema`, async () => {
    using folder = new TemporaryFolder();
    const files = Array.from({ length: ROUNDS }, (_, round) => folder.file(`${round}.db`));
    let startAt = 0;
    await runTogether(new URL('./open-together.ts', import.meta.url), PROCESSES, (process) => {
      startAt ||= Date.now() + 300;
      return { files, startAt, process };
    });
    const schemas = new Set<string>();
    for (const file of files) {
      withConnection(file, (connection) => {
        expect(connection.pragma('integrity_check', { simple: true })).toBe('ok');
        const done = connection.prepare('select name from onehost_migrations').pluck().all();
        expect(done).toEqual([...new Set(done)]);
        schemas.add(JSON.stringify(connection.prepare('select sql from sqlite_schema').all()));
        // Each process set one session in each file.
        const entries = connection.prepare('select count(*) from onehost_sessions').pluck();
        expect(entries.get()).toBe(PROCESSES);
      });
    }
    expect(schemas.size).toBe(1);
  }, 180_000);

  test('several times in one process: none waits for another for ever', async () => {
    using folder = new TemporaryFolder();
    const file = folder.file('a.db');
    const databases = await Promise.all(Array.from({ length: 8 }, () => openDatabase(file)));
    for (const database of databases) database.close();
  });
});
