import path from 'node:path';
import { DatabaseSessionCache, openDatabase, type Session } from '../../../src/index.ts';
import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';
import { type OpenedCache, PATIENCE_SECONDS } from './opened-cache.ts';
import type { SessionOrder } from './session-messages.ts';

/** The cache that a process is told to use. */
export async function openCache<S extends Session>(order: SessionOrder): Promise<OpenedCache<S>> {
  const { sharedMemory, server } = order.settings;
  if (sharedMemory) return inSharedMemory(order);
  if (server === undefined) return inFile(order);
  // Not by those who have no use for the clients of servers: they start in half the time without.
  const { inRedis, inPostgres } = await import('./open-on-server.ts');
  return server.startsWith('redis:') ? inRedis(server, order) : inPostgres(server, order);
}

async function inFile<S extends Session>({
  database: file,
  settings,
}: SessionOrder): Promise<OpenedCache<S>> {
  const { changeWatch, changeLogEntries, sharedMemory, server, ...cacheOptions } = settings;
  const database = await openDatabase(file, {
    changeWatch,
    changeLogEntries,
    lockWaitSeconds: PATIENCE_SECONDS,
  });
  const cache = new DatabaseSessionCache<S>(database, cacheOptions);
  return { cache, close: async () => database.close() };
}

async function inSharedMemory<S extends Session>({
  database,
  settings: { touchWriteShare },
}: SessionOrder): Promise<OpenedCache<S>> {
  const memory = await openSharedMemory('histories', { folder: path.dirname(database) });
  const cache = new SharedMemorySessionCache<S>(memory, { touchWriteShare });
  return { cache, close: () => memory.close() };
}
