import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { lacksStrace } from '../../support/strace.ts';
import { memoryFolder, opened } from './opened.ts';

const ENDING = fileURLToPath(new URL('./end-without-close.ts', import.meta.url));

/** How long each page that is given back takes: the locks are let go of that long after they were destroyed. */
const DELAY_MICROSECONDS = 50_000;

/** Whether a process has the file's first byte for itself: LMDB's last one, when it destroys the locks. */
function isHeldAlone(file: string): boolean {
  const { ino } = statSync(file);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => line.includes(' WRITE ') && line.includes(`:${ino} 0 0`));
}

test.skipIf(lacksStrace)(
  'who opens the memory while the last process that had it ends, and has not closed it, can use it',
  async () => {
    // The package is loaded by then, which takes longer than the moment that is to be hit.
    await opened();
    const folder = memoryFolder();
    const strace = ['-qq', '-o', '/dev/null', '-e', 'trace=munmap'];
    const slowly = ['-e', `inject=munmap:delay_exit=${DELAY_MICROSECONDS}`];
    const node = [process.execPath, '--import', 'tsx', ENDING, folder.path];
    const ending = spawn('strace', [...strace, ...slowly, ...node], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void ending.kill('SIGKILL'));
    const ended = once(ending, 'exit');
    await once(ending.stdout, 'data');
    const lock = folder.file(`onehost-${process.geteuid?.()}-test/sessions.mdb-lock`);
    // On a busy machine the moment may pass unseen.
    while (ending.exitCode === null && !isHeldAlone(lock)) await wait(1);
    const { cache } = await opened(folder);
    cache.set('of who came', { userId: 7 }, 3600);
    expect(cache.listByUser(7)).toHaveLength(2);
    expect(await ended).toEqual([0, null]);
  },
);
