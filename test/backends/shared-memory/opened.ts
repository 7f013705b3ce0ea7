import { onTestFinished } from 'vitest';
import {
  type OpenSharedMemoryOptions,
  openSharedMemory,
  SharedMemorySessionCache,
} from '../../../src/shared-memory.ts';
import type { TestSession } from '../../../src/testing/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

/** A folder in memory for one test. */
export function memoryFolder(): TemporaryFolder {
  const folder = TemporaryFolder.inMemory();
  onTestFinished(() => folder[Symbol.dispose]());
  return folder;
}

/** Shared memory, and a cache on it, for one test. */
export async function opened(
  folder: TemporaryFolder = memoryFolder(),
  options: OpenSharedMemoryOptions = {},
) {
  const memory = await openSharedMemory('test', { folder: folder.path, ...options });
  onTestFinished(() => memory.close());
  return { folder, memory, cache: new SharedMemorySessionCache<TestSession>(memory) };
}
