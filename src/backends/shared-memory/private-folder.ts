import { lstatSync, mkdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import {
  FolderMissingError,
  FolderNotPrivateError,
  FolderNotWritableError,
  NotInMemoryError,
} from '../../contract/errors/index.ts';
import type { Surroundings } from './surroundings.ts';

/** From `linux/magic.h`. */
const IN_MEMORY: ReadonlySet<number> = new Set([
  0x01021994, // tmpfs
  0x858458f6, // ramfs
]);

const OTHERS_MAY_WRITE = 0o022;
const STICKY = 0o1000;
const NOT_FOR_OWNER = 0o077;

/**
 * The folder for one app inside `parent`, made with mode 0700 if it is missing. In a folder such as `/dev/shm` everybody may make what they
 * like: whoever made this one beforehand, or a symbolic link in its place, could read the sessions, and put others there.
 *
 * @throws FolderMissingError, NotInMemoryError, FolderNotWritableError, FolderNotPrivateError
 */
export function privateFolder(parent: string, name: string, surroundings: Surroundings): string {
  const real = realParent(parent);
  assertInMemory(real, surroundings);
  assertNobodyCanReplaceIn(real, surroundings);
  const folder = path.join(real, name);
  make(folder);
  assertOurs(folder, lstatSync(folder), surroundings);
  return folder;
}

function realParent(parent: string): string {
  try {
    const real = realpathSync(parent);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  throw new FolderMissingError(
    `The folder ${parent} for shared memory does not exist, or is not a folder. Linux has /dev/shm; elsewhere, make a RAM disk and pass ` +
      'its path as "folder", or use DatabaseSessionCache.',
  );
}

function assertInMemory(parent: string, surroundings: Surroundings): void {
  // Elsewhere a filesystem does not tell by a number what it is: whoever names a folder there answers for it.
  if (process.platform !== 'linux') return;
  const type = surroundings.filesystemType(parent) >>> 0;
  if (IN_MEMORY.has(type)) return;
  throw new NotInMemoryError(
    `The folder ${parent} is not in memory: its filesystem has the type 0x${type.toString(16)}, and not that of tmpfs or ramfs. What is meant to be gone ` +
      'after a reboot would stay on a disk, and nothing would be synced to it. Use /dev/shm, or DatabaseSessionCache on a disk.',
  );
}

function assertNobodyCanReplaceIn(parent: string, { userId }: Surroundings): void {
  const { mode, uid } = statSync(parent);
  const isTrusted = uid === 0 || uid === userId;
  if (isTrusted && ((mode & OTHERS_MAY_WRITE) === 0 || (mode & STICKY) !== 0)) return;
  throw new FolderNotPrivateError(
    `Others can replace what is in ${parent} (owner ${uid}, mode ${octal(mode)}). It must belong to root or to user ${userId}, and be writable for its owner ` +
      'alone or have the sticky bit, as /dev/shm has: chmod 1777.',
  );
}

function make(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    throw new FolderNotWritableError(
      `The folder ${folder} cannot be made (${message}). Let the user that the app runs as write into ${path.dirname(folder)}, or pass another "folder".`,
      { cause: error },
    );
  }
}

function assertOurs(folder: string, found: Stats, { userId }: Surroundings): void {
  const isOurs = found.isDirectory() && found.uid === userId && (found.mode & NOT_FOR_OWNER) === 0;
  if (isOurs) return;
  const what = found.isSymbolicLink()
    ? 'a symbolic link'
    : found.isDirectory()
      ? `a folder of user ${found.uid} with mode ${octal(found.mode)}`
      : 'no folder';
  throw new FolderNotPrivateError(
    `${folder} is ${what}, but must be a folder of user ${userId} that nobody else may enter (mode 0700). Somebody else made it, or changed it: nothing in it can be ` +
      'trusted. Find out who; then remove it, or use another name.',
  );
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
