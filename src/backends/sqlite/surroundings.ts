import { type BootId, bootId } from './boot-id.ts';
import { type FilesystemType, filesystemType } from './filesystem.ts';
import { type ProcessLocks, SideFileLocks } from './process-locks.ts';

/** What of the machine matters beside its clocks; a test puts something else in its place. */
export interface Surroundings {
  readonly filesystemType: FilesystemType;
  readonly bootId: BootId;
  processLocks(file: string, instanceId: string): ProcessLocks;
}

export const machine: Surroundings = {
  filesystemType,
  bootId,
  processLocks: (file, instanceId) => new SideFileLocks(file, instanceId),
};
