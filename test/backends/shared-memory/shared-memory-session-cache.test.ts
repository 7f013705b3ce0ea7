import { describe, test } from 'vitest';
import {
  openSharedMemory,
  SharedMemorySessionCache,
  type SharedMemorySessionCacheOptions,
} from '../../../src/shared-memory.ts';
import {
  ManualClock,
  sessionCacheConformance,
  type TestSession,
} from '../../../src/testing/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

// Each cache has an environment of its own on the same memory, as another process has.
const variants: Record<string, SharedMemorySessionCacheOptions> = {
  SharedMemorySessionCache: {},
  'SharedMemorySessionCache that writes each touch': { touchWriteShare: 0 },
};

for (const [name, options] of Object.entries(variants)) {
  sessionCacheConformance(
    { describe, test },
    {
      name,
      capabilities: {
        reach: 'host',
        persistent: false,
        retains: true,
        coherence: 'strict',
        staleSeconds: 0,
      },
      createStore: () => {
        const folder = TemporaryFolder.inMemory();
        const clock = new ManualClock();
        const opened: AsyncDisposable[] = [];
        return {
          openCache: async () => {
            const memory = await openSharedMemory('test', { folder: folder.path, clock });
            opened.push(memory);
            return new SharedMemorySessionCache<TestSession>(memory, options);
          },
          advance: (seconds) => clock.advance(seconds),
          close: async () => {
            for (const memory of opened) await memory[Symbol.asyncDispose]();
            folder[Symbol.dispose]();
          },
        };
      },
    },
  );
}
