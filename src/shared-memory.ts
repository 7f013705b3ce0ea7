export {
  type OpenSharedMemoryOptions,
  openSharedMemory,
} from './backends/shared-memory/open-shared-memory.ts';
export type { SharedMemory } from './backends/shared-memory/shared-memory.ts';
export {
  SharedMemorySessionCache,
  type SharedMemorySessionCacheOptions,
} from './backends/shared-memory/shared-memory-session-cache.ts';
