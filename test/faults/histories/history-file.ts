import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type History, KINDS, type Operation } from './operation.ts';

/** What a process says of an operation; whether it was cut off it cannot say. */
export type Entry = Omit<Operation, 'isCut'>;

/** Numbers of 8 bytes: the kind, and the fields of an {@link Entry}. */
const FIELDS = 9;
const BYTES = FIELDS * 8;
/** Entries that are held back at most. */
const HELD_BACK = 512;
/** In the place of the end of an operation that has begun. */
const NOT_YET = 0;

/**
 * Where a process writes down what it does, so that it can be read after `kill -9`: what was handed to the kernel stays.
 *
 * An operation that changes anything is in the file before it begins, one write for it and for everything held back until then. So whatever
 * a process that was killed may have changed is known, and is either complete or {@link readHistory cut off}. What is lost with it are reads that it made
 * after its last change, which nobody else can tell the difference of.
 */
export class HistoryWriter {
  readonly #descriptor: number;
  readonly #numbers = new Float64Array(FIELDS * HELD_BACK);
  #length = 0;

  constructor(file: string) {
    this.#descriptor = openSync(file, 'wx');
  }

  /** An operation that has returned. */
  add(entry: Entry): void {
    this.#put(entry, entry.end);
  }

  /** An operation that is about to begin, and of which something is to be known even if this process ends in it. */
  announce(entry: Omit<Entry, 'end' | 'result'>): void {
    this.#put({ ...entry, result: 0 }, NOT_YET);
    this.flush();
  }

  flush(): void {
    if (this.#length === 0) return;
    const bytes = new Uint8Array(this.#numbers.buffer, 0, this.#length * 8);
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#descriptor, bytes, written);
    }
    this.#length = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.#descriptor);
  }

  #put(entry: Omit<Entry, 'end'>, end: number): void {
    if (this.#length === this.#numbers.length) this.flush();
    const numbers = this.#numbers;
    let at = this.#length;
    numbers[at++] = KINDS.indexOf(entry.kind);
    numbers[at++] = entry.id;
    numbers[at++] = entry.token;
    numbers[at++] = entry.user;
    numbers[at++] = entry.session;
    numbers[at++] = entry.result;
    numbers[at++] = entry.version;
    numbers[at++] = entry.begin;
    numbers[at++] = end;
    this.#length = at;
  }
}

/**
 * What a process has written down. One operation at a time changes anything, so that at most the last one that was announced is without its end: it was cut
 * off if the process ended.
 *
 * @param endedAt when the process had ended; `null` if it has come to the end of its round.
 */
export function readHistory(file: string, endedAt: number | null): History {
  const bytes = readFileSync(file);
  // The last entry may have been cut off itself: then what it announces was never begun.
  const length = bytes.length - (bytes.length % BYTES);
  const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + length));
  const operations: Operation[] = [];
  let announced: Entry | null = null;
  for (let at = 0; at < numbers.length; at += FIELDS) {
    const entry = entryAt(numbers, at);
    if (entry.end === NOT_YET) announced = entry;
    else {
      operations.push({ ...entry, isCut: false });
      if (entry.id === announced?.id) announced = null;
    }
  }
  if (announced === null) return { operations, endedAt };
  if (endedAt === null) throw new Error(`${file} has no end of operation ${announced.id}.`);
  operations.push({ ...announced, end: endedAt, isCut: true });
  return { operations, endedAt };
}

function entryAt(numbers: Float64Array, at: number): Entry {
  const field = (index: number) => numbers[at + index] as number;
  return {
    kind: KINDS[field(0)] as Entry['kind'],
    id: field(1),
    token: field(2),
    user: field(3),
    session: field(4),
    result: field(5),
    version: field(6),
    begin: field(7),
    end: field(8),
  };
}
