import type { ChangeWatch } from '../../src/backends/sqlite/change-watch.ts';

const hasWalIndexWatch = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

/** The ways to learn of commits that there must be on this machine. */
export const changeWatches: readonly ChangeWatch['kind'][] = hasWalIndexWatch
  ? ['wal-index', 'data-version']
  : ['data-version'];

/** For `describe.skipIf`. */
export const withoutWalIndexWatch = !hasWalIndexWatch;
