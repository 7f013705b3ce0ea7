import path from 'node:path';
import { DatabaseSessionCache, openDatabase, type Session } from '../../../src/index.ts';
import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';
import type { SessionOrder } from './session-messages.ts';

/** Those that answer at once. */
export type HostSessionCache<S extends Session> =
  | DatabaseSessionCache<S>
  | SharedMemorySessionCache<S>;

/** The cache that a process is told to use, and what closes all of it. */
export async function openCache<S extends Session>({
  database: file,
  settings,
}: SessionOrder): Promise<{ cache: HostSessionCache<S>; close: () => Promise<void> }> {
  const { changeWatch, changeLogEntries, sharedMemory, ...cacheOptions } = settings;
  if (sharedMemory) {
    const memory = await openSharedMemory('histories', { folder: path.dirname(file) });
    const { touchWriteShare } = cacheOptions;
    const cache = new SharedMemorySessionCache<S>(memory, { touchWriteShare });
    return { cache, close: () => memory.close() };
  }
  // Who is stopped in the middle of a write keeps the others waiting.
  const database = await openDatabase(file, { changeWatch, changeLogEntries, lockWaitSeconds: 60 });
  const cache = new DatabaseSessionCache<S>(database, cacheOptions);
  return { cache, close: async () => database.close() };
}
