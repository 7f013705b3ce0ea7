import { readdirSync, readlinkSync } from 'node:fs';

/** The descriptors that this process has of a file. Injected by tests. */
export type ProcessDescriptors = (file: string) => number[];

/** @throws Error where there is no `/proc`. */
export const processDescriptors: ProcessDescriptors = (file) => {
  const numbers = readdirSync('/proc/self/fd').map(Number);
  return numbers.filter((number) => targetOf(number) === file);
};

function targetOf(descriptor: number): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // Closed since, as that by which the list was read.
    return null;
  }
}
