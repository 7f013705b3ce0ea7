import {
  isOnehostError,
  SharedMemoryFailedError,
  SharedMemoryFullError,
} from '../../contract/errors/index.ts';
import { missingNativePart } from '../../peers/native-part.ts';

/** From `errno.h`: LMDB hands on what the system says. */
const ENOSPC = 28;

/** What LMDB or the system throws, or SQLite for the lock of its opening, as an error that says what to do. onehost's own stay as they are. */
export function translateError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || isOnehostError(error)) return error;
  const missing = missingNativePart(error);
  if (missing !== null) return missing;
  const { code, message } = error as Error & { code?: unknown };
  if (code === ENOSPC || code === 'ENOSPC' || code === 'SQLITE_FULL') {
    return new SharedMemoryFullError(
      `There is no room left for ${file} in its filesystem (${message}). Nothing was written. Make the filesystem larger (docker run --shm-size, or mount -o remount,size=), ` +
        'pass a smaller maxMegabytes, or remove what else is there.',
      { cause: error },
    );
  }
  return new SharedMemoryFailedError(
    `LMDB failed on ${file}: ${message}. Nothing was written. If it goes on, stop every process that uses it and remove its folder: sessions are loaded again.`,
    { cause: error },
  );
}
