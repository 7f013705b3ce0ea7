import { statfsSync } from 'node:fs';

/** The type of a filesystem as Linux's `statfs(2)` gives it. Injected by tests. */
export type FilesystemType = (folder: string) => number;

export const filesystemType: FilesystemType = (folder) => statfsSync(folder).type;

/**
 * Filesystems on which a WAL database is not safe. Its processes share memory through the `-shm` file
 * and lock byte ranges of it (https://sqlite.org/wal.html: "WAL does not work over a network
 * filesystem"); a share of another machine, or of a virtual machine's host, does not keep the one
 * coherent or the other exclusive, and SQLite cannot tell.
 *
 * Numbers from `statfs(2)` and `linux/magic.h`.
 */
const UNSAFE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB (CIFS)'],
  [0xfe534d42, 'SMB 2'],
  [0x01021997, '9p (a share of a virtual machine host, as in WSL 1/2 under /mnt)'],
  [0x65735546, 'FUSE (sshfs, virtiofs, a cloud or desktop share)'],
  [0x6a656a63, 'virtiofs'],
  [0x786f4256, 'a VirtualBox shared folder'],
  [0xbacbacbc, 'a VMware shared folder'],
  [0x00c36400, 'CephFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x47504653, 'GPFS'],
  [0x0bd00bd0, 'Lustre'],
]);

/** The name of the unsafe filesystem that `folder` is on; `null` when it is not known to be unsafe. */
export function unsafeFilesystem(folder: string, typeOf: FilesystemType): string | null {
  // Elsewhere the numbers mean other things, and there is no list to trust.
  if (process.platform !== 'linux') return null;
  // A negative number is the same 32 bits read as signed.
  return UNSAFE.get(typeOf(folder) >>> 0) ?? null;
}

/**
 * Filesystems of one machine, on which a lock holds between all its processes and is gone with its process. Numbers as above. What
 * is on neither list (a filesystem that nobody has looked into) may keep a database, but its locks are not believed alone.
 */
const LOCAL: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
  0x2fc12fc1, // ZFS
  0xf2f52010, // F2FS
  0xca451a4e, // bcachefs
]);

/** Whether `folder` is on a filesystem whose locks are known to show the end of a process. */
export function hasLocalLocks(folder: string, typeOf: FilesystemType): boolean {
  return process.platform === 'linux' && LOCAL.has(typeOf(folder) >>> 0);
}
