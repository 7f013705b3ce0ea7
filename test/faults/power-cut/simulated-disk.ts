import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DiskEvent } from './disk-events.ts';

/** What a disk writes as a whole, or not at all. */
const SECTOR = 512;

/** Of what was not synced, what is on the disk all the same: nothing, everything, or by chance. */
export type Survival = 'nothing' | 'everything' | (() => number);

type Pending = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };

/** A file apart from its name. */
class SimulatedFile {
  #synced: Buffer = Buffer.alloc(0);
  #pending: Pending[] = [];

  change(pending: Pending): void {
    this.#pending.push(pending);
  }

  sync(): void {
    this.#synced = this.after('everything');
    this.#pending = [];
  }

  /** As it is after a power cut. What was not synced may be there in any part, and later parts without earlier ones. */
  after(survival: Survival): Buffer {
    if (survival === 'nothing') return this.#synced;
    let bytes = this.#synced;
    for (const pending of this.#pending) {
      if ('size' in pending) {
        if (survival === 'everything' || survival() < 0.5) bytes = resized(bytes, pending.size);
      } else if (survival === 'everything') {
        bytes = written(bytes, pending.at, pending.bytes);
      } else if (survival() < 0.7) {
        for (const [at, sector] of sectorsOf(pending)) {
          if (survival() < 0.9) bytes = written(bytes, at, sector);
        }
      }
    }
    return bytes;
  }
}

/**
 * A folder on a disk that keeps what was synced, and nothing else for certain: of a file its content by an fsync of the file, and
 * its name by one of the folder (https://man7.org/linux/man-pages/man2/fsync.2.html). Changes of names are kept in their order.
 */
export class SimulatedDisk {
  #names = new Map<string, SimulatedFile>();
  /** Each state of the names since the last sync of the folder, the synced one first. */
  #namesSinceSync: ReadonlyMap<string, SimulatedFile>[] = [new Map()];

  apply(event: DiskEvent): void {
    switch (event.does) {
      case 'create':
        this.#names.set(event.file, new SimulatedFile());
        this.#namesSinceSync.push(new Map(this.#names));
        break;
      case 'remove':
        this.#names.delete(event.file);
        this.#namesSinceSync.push(new Map(this.#names));
        break;
      case 'sync-folder':
        this.#namesSinceSync = [new Map(this.#names)];
        break;
      case 'sync':
        this.#find(event.file).sync();
        break;
      case 'write':
        this.#find(event.file).change({ at: event.at, bytes: event.bytes });
        break;
      case 'truncate':
        this.#find(event.file).change({ size: event.size });
        break;
      default:
    }
  }

  /** Writes into `folder` the files that are there after the power was cut now. */
  cutPower(folder: string, survival: Survival): void {
    const states = this.#namesSinceSync;
    const last = states.length - 1;
    const kept =
      survival === 'nothing' ? 0 : survival === 'everything' ? last : pick(survival, last + 1);
    for (const [name, file] of states[kept] ?? []) {
      // The memory that the processes shared, and the locks of what has ended with the power.
      if (/-shm$|-holder-/.test(name)) continue;
      writeFileSync(path.join(folder, name), file.after(survival));
    }
  }

  #find(name: string): SimulatedFile {
    const file = this.#names.get(name);
    if (file === undefined) throw new Error(`${name} was written before it was made.`);
    return file;
  }
}

function pick(random: () => number, count: number): number {
  return Math.floor(random() * count);
}

function resized(bytes: Buffer, size: number): Buffer {
  const copy = Buffer.alloc(size);
  bytes.copy(copy);
  return copy;
}

function written(bytes: Buffer, at: number, part: Buffer): Buffer {
  const copy = resized(bytes, Math.max(bytes.length, at + part.length));
  part.copy(copy, at);
  return copy;
}

/** Cut where the sectors of the file begin. */
function* sectorsOf({ at, bytes }: { at: number; bytes: Buffer }): Iterable<[number, Buffer]> {
  let begin = 0;
  while (begin < bytes.length) {
    const end = Math.min(bytes.length, begin + SECTOR - ((at + begin) % SECTOR));
    yield [at + begin, bytes.subarray(begin, end)];
    begin = end;
  }
}
