import { PeerMissingError } from '../contract/errors/index.ts';

/**
 * What better-sqlite3 throws, at the first connection and not when it is imported, where its native part is missing (pnpm, or `--ignore-scripts`, leaves out
 * the script that brings it) or was made for another version of Node: as an error that says what to do. `null` for anything else.
 */
export function missingNativePart(error: unknown): PeerMissingError | null {
  if (!(error instanceof Error)) return null;
  const isForOther = 'code' in error && error.code === 'ERR_DLOPEN_FAILED';
  if (!isForOther && !error.message.startsWith('Could not locate the bindings file')) return null;
  return new PeerMissingError(
    `The package "better-sqlite3" is installed, but its native part ${isForOther ? 'cannot be loaded by this Node' : 'is missing'}. ` +
      'Run: npm rebuild better-sqlite3 (with pnpm: pnpm approve-builds, and then pnpm rebuild better-sqlite3).',
    { cause: error },
  );
}
