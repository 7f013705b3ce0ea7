import { type BootId, bootId } from './boot-id.ts';
import { type FilesystemType, filesystemType } from './filesystem.ts';
import { loadNativeMemory, type NativeMemory } from './native-memory.ts';
import { type ProcessDescriptors, processDescriptors } from './process-descriptors.ts';
import { type ProcessLocks, SideFileLocks } from './process-locks.ts';
import { type ProcessMappings, processMappings } from './process-mappings.ts';

/** What of the machine matters beside its clocks; a test puts something else in its place. */
export interface Surroundings {
  readonly filesystemType: FilesystemType;
  readonly bootId: BootId;
  /** Operating system and architecture, as Node names them: `linux-x64`. */
  readonly platform: string;
  readonly nativeMemory: () => Promise<NativeMemory>;
  readonly processMappings: ProcessMappings;
  readonly processDescriptors: ProcessDescriptors;
  processLocks(file: string, instanceId: string): ProcessLocks;
}

export const machine: Surroundings = {
  filesystemType,
  bootId,
  platform: `${process.platform}-${process.arch}`,
  nativeMemory: loadNativeMemory,
  processMappings,
  processDescriptors,
  processLocks: (file, instanceId) => new SideFileLocks(file, instanceId),
};
