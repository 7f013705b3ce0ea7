import path from 'node:path';
import type { Database } from 'better-sqlite3';
import { ChangeWatchUnavailableError } from '../../contract/errors/index.ts';
import type { ChangeWatch, ChangeWatchChoice } from './change-watch.ts';
import type { DataVersionWatch } from './data-version-watch.ts';
import { hasLocalLocks } from './filesystem.ts';
import type { Surroundings } from './surroundings.ts';
import { WalIndexFile } from './wal-index-file.ts';
import { WalIndexMapping } from './wal-index-mapping.ts';
import { WalIndexWatch } from './wal-index-watch.ts';

/**
 * Where the order of memory and the system calls have been thought through. macOS has neither `mremap` nor
 * `/proc`, Windows another kind of shared memory.
 */
const MAPPED_ON = ['linux-x64', 'linux-arm64'];

/**
 * @param connection has read in WAL mode.
 * @throws ChangeWatchUnavailableError when `wal-index` was chosen and cannot be had.
 */
export async function chooseChangeWatch(
  connection: Database,
  dataVersion: DataVersionWatch,
  options: { readonly file: string; readonly changeWatch: ChangeWatchChoice },
  surroundings: Surroundings,
): Promise<ChangeWatch> {
  const { file, changeWatch } = options;
  if (changeWatch !== 'data-version') {
    try {
      const mapping = await mapWalIndex(file, surroundings);
      return new WalIndexWatch(connection, mapping, dataVersion);
    } catch (cause) {
      if (changeWatch === 'wal-index') throw unavailable(file, cause);
    }
  }
  const header = fileOfWalIndex(file, surroundings);
  return header === null ? dataVersion : new WalIndexWatch(connection, header, dataVersion);
}

async function mapWalIndex(
  file: string,
  { platform, nativeMemory, processMappings }: Surroundings,
): Promise<WalIndexMapping> {
  if (!MAPPED_ON.includes(platform)) {
    throw new Error(`It is mapped on ${MAPPED_ON.join(' and ')}, and this is ${platform}.`);
  }
  return new WalIndexMapping(file, await nativeMemory(), processMappings);
}

/** `null` where the pragma alone is to be trusted. */
function fileOfWalIndex(
  file: string,
  { filesystemType, processDescriptors }: Surroundings,
): WalIndexFile | null {
  try {
    if (!hasLocalLocks(path.dirname(file), filesystemType)) return null;
    return new WalIndexFile(file, processDescriptors);
  } catch {
    return null;
  }
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
