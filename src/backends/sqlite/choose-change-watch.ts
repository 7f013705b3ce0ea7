import path from 'node:path';
import type { Database } from 'better-sqlite3';
import { ChangeWatchUnavailableError } from '../../contract/errors/index.ts';
import type { ChangeWatch, ChangeWatchChoice } from './change-watch.ts';
import type { DataVersionWatch } from './data-version-watch.ts';
import { hasLocalLocks } from './filesystem.ts';
import { retryWhileBusy } from './retry-while-busy.ts';
import type { Surroundings } from './surroundings.ts';
import { WalIndexFile } from './wal-index-file.ts';
import { WalIndexMapping } from './wal-index-mapping.ts';
import { WalIndexWatch } from './wal-index-watch.ts';

/**
 * Where the order of memory and the system calls have been thought through. macOS has neither `mremap` nor
 * `/proc`, Windows another kind of shared memory.
 */
const MAPPED_ON = ['linux-x64', 'linux-arm64'];

interface ChangeWatchOptions {
  readonly file: string;
  readonly changeWatch: ChangeWatchChoice;
  readonly lockWaitSeconds: number;
}

/**
 * @param connection has read in WAL mode.
 * @throws ChangeWatchUnavailableError when `wal-index` was chosen and cannot be had.
 */
export async function chooseChangeWatch(
  connection: Database,
  dataVersion: DataVersionWatch,
  options: ChangeWatchOptions,
  surroundings: Surroundings,
): Promise<ChangeWatch> {
  const { file, changeWatch } = options;
  const onceWhole = <T>(open: () => T) =>
    retryWhileBusy(() => {
      // A read has SQLite wait for whoever is at the header of the index, and make it anew after one that was killed there.
      dataVersion.hasChanged();
      return open();
    }, options);
  if (changeWatch !== 'data-version') {
    try {
      const open = await mapperOfWalIndex(file, surroundings);
      return new WalIndexWatch(connection, await onceWhole(open), dataVersion);
    } catch (cause) {
      if (changeWatch === 'wal-index') throw unavailable(file, cause);
    }
  }
  try {
    const header = await onceWhole(() => fileOfWalIndex(file, surroundings));
    return header === null ? dataVersion : new WalIndexWatch(connection, header, dataVersion);
  } catch {
    return dataVersion;
  }
}

async function mapperOfWalIndex(
  file: string,
  { platform, nativeMemory, processMappings }: Surroundings,
): Promise<() => WalIndexMapping> {
  if (!MAPPED_ON.includes(platform)) {
    throw new Error(`It is mapped on ${MAPPED_ON.join(' and ')}, and this is ${platform}.`);
  }
  const memory = await nativeMemory();
  return () => new WalIndexMapping(file, memory, processMappings);
}

/** `null` where the pragma alone is to be trusted. */
function fileOfWalIndex(
  file: string,
  { filesystemType, processDescriptors }: Surroundings,
): WalIndexFile | null {
  if (!hasLocalLocks(path.dirname(file), filesystemType)) return null;
  return new WalIndexFile(file, processDescriptors);
}

function unavailable(file: string, cause: unknown): ChangeWatchUnavailableError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason =
    code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
      ? 'The optional dependency koffi is not installed. Run: npm install koffi.'
      : message;
  return new ChangeWatchUnavailableError(
    `The WAL index of ${file} cannot be read from memory (changeWatch: "wal-index"). ${reason} ` +
      'Or leave changeWatch at "auto".',
    { cause },
  );
}
