import { endianness } from 'node:os';
import type { ChangeWatch } from './change-watch.ts';

/**
 * The header at the beginning of the WAL index (the `-shm` file), in 32-bit words of the machine's own order
 * (https://sqlite.org/walformat.html#walidxfmt, 2.1): twelve words, and the same twelve once more.
 */
export const HEADER_WORDS = 12;
/** Both copies. */
export const HEADER_BYTES: number = 2 * HEADER_WORDS * 4;

/** What stands for a header that cannot be read any more: words of none. */
export const NO_HEADER: Int32Array = new Int32Array(HEADER_BYTES / 4).fill(-1);

/** Where the words of a header are read. */
export interface WalIndexSource {
  /** The way to watch that it makes. */
  readonly kind: ChangeWatch['kind'];
  /** Both copies; to be asked for at each use. {@link NO_HEADER} when it is closed. */
  readonly words: Int32Array;
  /** Makes certain that the words still are those of the file, where that can change; if they are not, there is no header from now on. */
  check(): void;
  /** Calling it again does nothing. */
  close(): void;
}

/** The words of a header that was read as one, and not while it was being written. */
export type WalIndexHeader = readonly number[];

/** The places of the words that are looked at. */
const VERSION = 0;
/** Two flags and the page size: the first byte is 1 once the index has been made. */
const FLAGS = 3;
/** How many transactions there were; from 0 again when the index was made anew after a crash. */
export const CHANGE_COUNTER = 2;
/** The last frame of the log that is valid and committed; 0 after the log was started anew. */
export const LAST_FRAME = 4;
/** One more each time the log is started anew, and a random number with it. */
export const SALT_1 = 8;
export const SALT_2 = 9;
const CHECKSUM_1 = 10;
const CHECKSUM_2 = 11;

/** The only version there has been since WAL mode exists. SQLite refuses a file with another one. */
const KNOWN_VERSION = 3_007_000;

const isLittleEndian = endianness() === 'LE';

/**
 * The header; `null` when a writer is at it, or when it is not laid out as this code believes. The copies are read in the
 * order in which SQLite reads them, the reverse of the order in which they are written, so that words of two
 * headers do not pass for one; beyond that there is the checksum, as there.
 */
export function readHeader(words: Int32Array): WalIndexHeader | null {
  const header: number[] = [];
  for (let at = 0; at < HEADER_WORDS; at++) header.push(Atomics.load(words, at));
  for (let at = 0; at < HEADER_WORDS; at++) {
    if (Atomics.load(words, HEADER_WORDS + at) !== header[at]) return null;
  }
  return isDocumented(header) && hasItsChecksum(header) ? header : null;
}

function isDocumented(header: WalIndexHeader): boolean {
  const flags = header[FLAGS] ?? 0;
  // The first of its four bytes.
  const isInitialized = isLittleEndian ? flags & 0xff : flags >>> 24;
  return header[VERSION] === KNOWN_VERSION && isInitialized === 1;
}

/** The copies of a header differ: a writer is at it, or was killed at it. */
export class HalfWrittenHeaderError extends Error {}

/** How often a header is read that a writer is at: it is at it for some ten nanoseconds. */
const TRIES = 1000;

/**
 * @throws HalfWrittenHeaderError when a writer is at the header for longer than it takes: it was taken off its core there, and has to be waited for.
 * @throws Error when the words of `source` are none of a header that is known.
 */
export function assertHasHeader(source: WalIndexSource, file: string): void {
  for (let tried = 0; tried < TRIES; tried++) if (readHeader(source.words) !== null) return;
  if (isHalfWritten(source.words)) {
    throw new HalfWrittenHeaderError(`The header of ${file} is half written, and stays so.`);
  }
  throw new Error(`${file} does not begin as https://sqlite.org/walformat.html says.`);
}

/** The version, which no commit changes, is known in both copies, and something else is not the same. */
function isHalfWritten(words: Int32Array): boolean {
  const [first, second] = [words.slice(0, HEADER_WORDS), words.slice(HEADER_WORDS)];
  return (
    first[VERSION] === KNOWN_VERSION &&
    second[VERSION] === KNOWN_VERSION &&
    first.some((word, at) => word !== second[at])
  );
}

/** `walChecksumBytes` of SQLite's wal.c, over all words before the checksum. */
function hasItsChecksum(header: WalIndexHeader): boolean {
  let [even, odd] = [0, 0];
  for (let at = 0; at < CHECKSUM_1; at += 2) {
    even = (even + (header[at] ?? 0) + odd) | 0;
    odd = (odd + (header[at + 1] ?? 0) + even) | 0;
  }
  return header[CHECKSUM_1] === even && header[CHECKSUM_2] === odd;
}
