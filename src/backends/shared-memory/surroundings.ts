import { readlinkSync, statfsSync } from 'node:fs';

/** What is asked of the machine; injected by tests. */
export interface Surroundings {
  /** The type of the filesystem that a folder is on, as Linux's `statfs(2)` gives it. */
  filesystemType(folder: string): number;
  /** What tells one namespace of process numbers from another; the same text where the system has one only. */
  pidNamespace(): string;
  /** The user that this process acts as; `undefined` where the system has no such numbers. */
  readonly userId: number | undefined;
}

export const machine: Surroundings = {
  filesystemType: (folder) => statfsSync(folder).type,
  pidNamespace() {
    try {
      return readlinkSync('/proc/self/ns/pid');
    } catch {
      return 'the only one';
    }
  },
  // Not at the start: a process that was started by root may become somebody else before it opens anything.
  get userId() {
    return process.geteuid?.();
  },
};
