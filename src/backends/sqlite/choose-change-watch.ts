import type { Database } from 'better-sqlite3';
import { ChangeWatchUnavailableError } from '../../contract/errors/index.ts';
import type { ChangeWatch } from './change-watch.ts';
import type { DataVersionWatch } from './data-version-watch.ts';
import type { Surroundings } from './surroundings.ts';
import { WalIndexMapping } from './wal-index-mapping.ts';
import { WalIndexWatch } from './wal-index-watch.ts';

/** A kind of watch, or the best that can be had. */
export type ChangeWatchChoice = 'auto' | ChangeWatch['kind'];

/**
 * Where the order of memory and the system calls have been thought through. macOS has neither `mremap` nor
 * `/proc`, Windows another kind of shared memory.
 */
const PROVEN = ['linux-x64', 'linux-arm64'];

/**
 * @param connection has read in WAL mode.
 * @param dataVersion what is used where there is nothing better.
 * @throws ChangeWatchUnavailableError when `wal-index` was chosen and cannot be had.
 */
export async function chooseChangeWatch(
  connection: Database,
  dataVersion: DataVersionWatch,
  options: { readonly file: string; readonly changeWatch: ChangeWatchChoice },
  surroundings: Surroundings,
): Promise<ChangeWatch> {
  if (options.changeWatch === 'data-version') return dataVersion;
  try {
    const mapping = await mapWalIndex(options.file, surroundings);
    return new WalIndexWatch(connection, mapping, dataVersion);
  } catch (cause) {
    if (options.changeWatch === 'auto') return dataVersion;
    throw new ChangeWatchUnavailableError(
      `${options.file} cannot be watched through its WAL index (changeWatch: "wal-index"): ${reasonOf(cause)}`,
      { cause },
    );
  }
}

async function mapWalIndex(
  file: string,
  { platform, nativeMemory, processMappings }: Surroundings,
): Promise<WalIndexMapping> {
  if (!PROVEN.includes(platform)) {
    throw new Error(`it is read on ${PROVEN.join(' and ')}, and this is ${platform}.`);
  }
  return new WalIndexMapping(file, await nativeMemory(), processMappings);
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const otherwise = 'Leave changeWatch at "auto", or choose "data-version".';
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
    ? `the optional dependency koffi is not installed. Run: npm install koffi. ${otherwise}`
    : `${message} ${otherwise}`;
}
