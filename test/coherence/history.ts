import { readFileSync, writeFileSync } from 'node:fs';

/** What a process did. `load` is one run of a loader, inside a `getOrLoad`. */
const KINDS = [
  'get',
  'set',
  'touch',
  'invalidate',
  'invalidateByUser',
  'clear',
  'getOrLoad',
  'load',
] as const;
export type Kind = (typeof KINDS)[number];

/** One operation of one process. Times are nanoseconds of the monotonic clock, which all processes share. */
export interface Operation {
  readonly kind: Kind;
  /** -1 where there is none. For `invalidateByUser` the one that is excepted. */
  readonly token: number;
  /** -1 where there is none. */
  readonly user: number;
  /** The number of the session that was written, loaded or given; 0 for none. */
  readonly value: number;
  readonly begin: number;
  readonly end: number;
}

const FIELDS = 6;

/** The operations of one process, in columns: objects by the hundred thousand would slow it down. */
export class History {
  #numbers = new Float64Array(1 << 16);
  #length = 0;

  add(kind: Kind, token: number, user: number, value: number, begin: number, end: number): void {
    if (this.#length + FIELDS > this.#numbers.length) {
      const larger = new Float64Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.set([KINDS.indexOf(kind), token, user, value, begin, end], this.#length);
    this.#length += FIELDS;
  }

  write(file: string): void {
    writeFileSync(file, this.#numbers.subarray(0, this.#length));
  }
}

export function readHistory(file: string): Operation[] {
  const bytes = readFileSync(file);
  const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  const operations: Operation[] = [];
  for (let at = 0; at < numbers.length; at += FIELDS) {
    const [kind, token, user, value, begin, end] = numbers.subarray(at, at + FIELDS) as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    operations.push({ kind: KINDS[kind] as Kind, token, user, value, begin, end });
  }
  return operations;
}

export function nanoseconds(): number {
  const [seconds, rest] = process.hrtime();
  return seconds * 1e9 + rest;
}
