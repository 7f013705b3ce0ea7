import { rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Clock, systemClock } from '../../contract/clock.ts';
import {
  ForeignNamespaceError,
  InvalidOptionError,
  NotInMemoryError,
  SchemaTooNewError,
  SharedMemoryFailedError,
} from '../../contract/errors/index.ts';
import { describeType } from '../../contract/validate-arguments.ts';
import { assertInteger, assertKnownOptions } from '../../contract/validate-options.ts';
import { createPrivateFile } from '../../files/create-private-file.ts';
import { identityOf } from '../../files/file-identity.ts';
import { closeNow, type Environment, type Lmdb, loadLmdb } from './load-lmdb.ts';
import { OpeningGate } from './opening-gate.ts';
import { privateFolder } from './private-folder.ts';
import { SharedMemory } from './shared-memory.ts';
import { machine, type Surroundings } from './surroundings.ts';
import { translateError } from './translate-error.ts';

export interface OpenSharedMemoryOptions {
  /** A folder in memory, `/dev/shm` by default. On Linux it must be on tmpfs or ramfs; on macOS it must be named, and whoever names it answers for it. On Windows a folder does not tell who may enter it, so that each is refused. */
  readonly folder?: string | undefined;
  /**
   * How large the file may become, 8 to 1,048,576, 48 by default: room for about 28,000 sessions of 300 bytes. Sessions leave when it is four fifths full, the
   * expired ones first, then those that expire soonest. It may be exceeded by a quarter where sessions are large. Processes that share
   * the memory should pass the same; docker gives `/dev/shm` 64 MB unless `--shm-size` says more.
   */
  readonly maxMegabytes?: number | undefined;
  /** Where the time comes from; the machine's clocks by default. */
  readonly clock?: Clock | undefined;
}

/** How many processes and threads can have it open at the same time. */
const MAX_READERS = 1000;

/**
 * A slot for each, and what stands before them. LMDB would make the file as long without writing it, and map it: in a full filesystem the system
 * ends a process, without a word, that touches a page of it for which there is no room.
 */
const NO_LOCKS = Buffer.alloc(64 * MAX_READERS + 4096);

const FIRST_PAGES = Buffer.alloc(256 * 1024);

const BYTES = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Others take some milliseconds each. */
const OPEN_SECONDS = 30;
const MOST_ATTEMPTS = 5;

/** What is written at first, and read by whoever comes later. */
const FORMAT = 1;
const ORIGIN = Buffer.from('origin');
interface Origin {
  readonly format: number;
  readonly pidNamespace: string;
}

/**
 * Opens the memory that the processes of one user on this host share under `name`, and makes it if it is missing: `sessions.mdb` and
 * `sessions.mdb-lock` (mode 0600) in a folder of their own (mode 0700). Any number of processes may do so at once, and so may the threads of a
 * process. It is gone after a restart of the machine; until then it stays, although no process may use it.
 *
 * It needs `lmdb`, an optional peer.
 *
 * @param name of 1 to 60 letters, digits, dots, hyphens and underscores, such as the name of the app; not beginning with a dot.
 * @throws PeerMissingError, FolderMissingError, NotInMemoryError, FolderNotPrivateError, FolderNotWritableError,
 *   ForeignNamespaceError, SchemaTooNewError, SharedMemoryFullError, SharedMemoryFailedError, InvalidOptionError
 */
export async function openSharedMemory(
  name: string,
  options: OpenSharedMemoryOptions = {},
): Promise<SharedMemory> {
  return openSharedMemoryIn(machine, name, options);
}

/** @internal */
export async function openSharedMemoryIn(
  surroundings: Surroundings,
  name: string,
  options: OpenSharedMemoryOptions = {},
): Promise<SharedMemory> {
  const settings = readOptions(name, options);
  const lmdb = await loadLmdb();
  const folder = privateFolder(
    settings.folder,
    `onehost-${surroundings.userId}-${name}`,
    surroundings,
  );
  const file = path.join(folder, 'sessions.mdb');
  let gate: OpeningGate | undefined;
  try {
    const entered = new OpeningGate(`${file}-gate`);
    gate = entered;
    const open = () => {
      createPrivateFile(file);
      if (statSync(file).size === 0) assertRoomBeside(file);
      const before = identityOf(file);
      const environment = openSound(lmdb, file);
      try {
        checkOrigin(environment, folder, surroundings.pidNamespace());
        return new SharedMemory(environment, entered, { ...settings, file, before });
      } catch (error) {
        closeNow(environment);
        throw error;
      }
    };
    const memory = await entered.alone(OPEN_SECONDS, open);
    if (memory !== undefined) return memory;
    throw new SharedMemoryFailedError(
      `${file} could not be opened within ${OPEN_SECONDS} s: another process was writing, opening or closing all the time. One that was stopped in the middle of that ` +
        'is to go on (kill -CONT) or to end.',
    );
  } catch (error) {
    gate?.close();
    throw translateError(error, file);
  }
}

/** For what LMDB writes at first. Where that fails the package frees what it has freed before, and the process ends. */
function assertRoomBeside(file: string): void {
  const room = `${file}-room`;
  try {
    writeFileSync(room, FIRST_PAGES, { mode: 0o600 });
  } finally {
    rmSync(room, { force: true });
  }
}

/**
 * One that a transaction can be made in. The locks are destroyed by whoever ends as the last one, without closing it first: who opens it just then finds them destroyed, and
 * has to open it again.
 */
function openSound(lmdb: Lmdb, file: string): Environment {
  for (let attempt = 1; ; attempt++) {
    const environment = openEnvironment(lmdb, file);
    try {
      environment.openDB({ name: 'origin', ...BYTES });
      return environment;
    } catch (error) {
      closeNow(environment);
      if (attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

function openEnvironment(lmdb: Lmdb, file: string): Environment {
  // Where it is missing, the package does not notice when this process opens it a second time, and begins the locks anew under the first.
  createPrivateFile(`${file}-lock`, NO_LOCKS);
  const options = {
    path: file,
    noSubdir: true,
    ...BYTES,
    maxReaders: MAX_READERS,
    // There is no disk to wait for, and none to bring in order after a power cut.
    noSync: true,
  } as const;
  return lmdb.open<Uint8Array, Uint8Array>(options);
}

/**
 * LMDB knows a reader by its process number, and asks the system whether it lives by a lock at that number. Two containers have the same numbers for
 * different processes: one would be refused its lock, and wait for ten seconds at each read.
 */
function checkOrigin(environment: Environment, folder: string, pidNamespace: string): void {
  const origins = environment.openDB<Uint8Array, Uint8Array>({ name: 'origin', ...BYTES });
  const { format, pidNamespace: found } = environment.transactionSync((): Origin => {
    const known = origins.getBinary(ORIGIN);
    if (known !== undefined) return JSON.parse(known.toString());
    const origin: Origin = { format: FORMAT, pidNamespace };
    origins.putSync(ORIGIN, Buffer.from(JSON.stringify(origin)));
    return origin;
  });
  if (format !== FORMAT) {
    throw new SchemaTooNewError(
      `${folder} was made by another version of onehost (format ${format}; this one knows ${FORMAT}). Stop every process that uses it and remove the folder: ` +
        'sessions are loaded again.',
    );
  }
  if (found === pidNamespace) return;
  throw new ForeignNamespaceError(
    `${folder} was made by processes of another PID namespace (${found}; this process is in ${pidNamespace}): another container, which LMDB cannot share memory with. Use ` +
      'DatabaseSessionCache, on one volume, or run the containers with one PID namespace (docker run --pid). If that container is gone for good, remove the folder.',
  );
}

interface Settings {
  readonly folder: string;
  readonly maxMegabytes: number;
  readonly clock: Clock;
}

function readOptions(name: string, options: OpenSharedMemoryOptions): Settings {
  assertKnownOptions('openSharedMemory', options, ['folder', 'maxMegabytes', 'clock']);
  const { maxMegabytes = 48, clock = systemClock } = options;
  assertInteger('maxMegabytes', maxMegabytes, { least: 8, most: 1_048_576 });
  if (typeof name !== 'string' || !/^[\w-][\w.-]{0,59}$/.test(name)) {
    throw new InvalidOptionError(
      `openSharedMemory needs a name of 1 to 60 letters, digits, dots, hyphens and underscores, not beginning with a dot, but found ${typeof name === 'string' ? JSON.stringify(name) : describeType(name)}.`,
    );
  }
  return { folder: readFolder(options.folder), maxMegabytes, clock };
}

function readFolder(folder: string | undefined): string {
  if (folder !== undefined) return path.resolve(folder);
  if (process.platform === 'linux') return '/dev/shm';
  throw new NotInMemoryError(
    `This system (${process.platform}) has no folder in memory that is known to onehost. Pass the path of a RAM disk as "folder", or use DatabaseSessionCache.`,
  );
}
