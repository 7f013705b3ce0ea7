import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { checkLocation } from '../../../src/backends/sqlite/check-location.ts';
import { filesystemType } from '../../../src/backends/sqlite/filesystem.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const LOOKS = 30_000;

describe('the place of a database', () => {
  test.each(['-wal', '-shm'])(
    'may be looked at while the last process closes the file, and its %s goes',
    async (suffix) => {
      using folder = new TemporaryFolder();
      const file = folder.file('a.db');
      writeFileSync(file, '');
      const program = fileURLToPath(new URL('./come-and-go.ts', import.meta.url));
      const child = fork(program, [`${file}${suffix}`], { execArgv: ['--import', 'tsx'] });
      try {
        await once(child, 'message');
        for (let look = 0; look < LOOKS; look++) {
          checkLocation(file, { allowUnsafeFilesystem: false, filesystemType });
        }
      } finally {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  );
});
