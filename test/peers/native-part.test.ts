import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { translateError as ofSharedMemory } from '../../src/backends/shared-memory/translate-error.ts';
import { translateError as ofSqlite } from '../../src/backends/sqlite/translate-error.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const installed = path.dirname(
  createRequire(import.meta.url).resolve('better-sqlite3/package.json'),
);

/** What the package throws where it lies with nothing in the place of its native part, or with `native`. */
function failure(native?: string): unknown {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const copy = folder.file('node_modules/better-sqlite3');
  for (const part of ['package.json', 'lib']) {
    cpSync(path.join(installed, part), path.join(copy, part), { recursive: true });
  }
  for (const needed of ['bindings', 'file-uri-to-path']) {
    cpSync(path.join(installed, '..', needed), path.join(copy, '..', needed), { recursive: true });
  }
  if (native !== undefined) {
    mkdirSync(path.join(copy, 'build', 'Release'), { recursive: true });
    writeFileSync(path.join(copy, 'build', 'Release', 'better_sqlite3.node'), native);
  }
  const Connection = createRequire(folder.file('app.js'))('better-sqlite3');
  try {
    return new Connection(folder.file('a.db'));
  } catch (error) {
    return error;
  }
}

test.each([
  ['is missing', undefined, /its native part is missing/],
  ['is of another kind', 'no library', /its native part cannot be loaded by this Node/],
])(
  'a native part of better-sqlite3 that %s is named, with what brings it',
  (_, native, message) => {
    const cause = failure(native);
    for (const translated of [ofSqlite(cause, 'a.db', 5), ofSharedMemory(cause, 'a.mdb')]) {
      expect(translated).toMatchObject({ code: 'ONEHOST_PEER_MISSING', cause });
      expect((translated as Error).message).toMatch(message);
      expect((translated as Error).message).toMatch(
        /npm rebuild better-sqlite3 .*pnpm approve-builds/,
      );
    }
  },
);
