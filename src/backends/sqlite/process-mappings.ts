import { readFileSync } from 'node:fs';

/** The mappings of this process as text, in the form of `/proc/self/maps` (proc_pid_maps(5)). Injected by tests. */
export type ProcessMappings = () => string;

/** @throws Error where there is no such file. */
export const processMappings: ProcessMappings = () => readFileSync('/proc/self/maps', 'utf8');

export interface SharedMapping {
  readonly address: bigint;
  readonly isWritable: boolean;
  /** Device and inode, as the kernel sees them. */
  readonly inode: string;
  /** The file goes by that name no more. */
  readonly isDeleted: boolean;
}

/** Where the beginning of `file` is mapped and shared. By name: on overlayfs and btrfs `stat` gives another device. */
export function sharedMappingsOf(file: string, mappings: string): SharedMapping[] {
  // The one character that would break a line is written as its octal number.
  const name = file.replaceAll('\n', '\\012');
  const found: SharedMapping[] = [];
  for (const line of mappings.split('\n')) {
    const match = /^(\w+)-\w+ r(.).s 0+ (\S+ \d+) +(.+)$/.exec(line);
    if (match === null) continue;
    const [, address, write, inode, path] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    if (path !== name && path !== `${name} (deleted)`) continue;
    found.push({
      address: BigInt(`0x${address}`),
      isWritable: write === 'w',
      inode,
      isDeleted: path !== name,
    });
  }
  return found;
}
