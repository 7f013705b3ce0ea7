import { spawnSync } from 'node:child_process';

const hasStrace = spawnSync('strace', ['-V']).status === 0;
if (!hasStrace) console.warn('skipped: a test needs strace (apt-get install strace)');

/** For `test.skipIf`. In CI nothing is skipped: without strace the tests fail there. */
export const lacksStrace = !hasStrace && process.env['CI'] === undefined;
