import { existsSync, writeFileSync } from 'node:fs';

const library = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
].find((file) => existsSync(file));

/** In CI it is installed, and its absence an error; elsewhere `apt-get install libfaketime` brings it. */
export const lacksFaketime: boolean = library === undefined && process.env['CI'] === undefined;

/** A wall clock that running processes see, and that can be set under them (https://github.com/wolfcw/libfaketime). */
export class WallClock {
  /** For the processes that are to see it. */
  readonly env: NodeJS.ProcessEnv;
  readonly #file: string;

  /** @param file where it is kept what the clock shows. */
  constructor(file: string) {
    if (library === undefined) throw new Error('libfaketime is not installed.');
    this.#file = file;
    this.setTo('+0');
    this.env = {
      ...process.env,
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      // As on a real machine, where setting the clock moves this one alone.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** How far from the real time, as libfaketime takes it: `+1d`, `-1d`, `+0`. */
  setTo(offset: string): void {
    writeFileSync(this.#file, offset);
  }

  /** Stands still there, in milliseconds since 1970-01-01 UTC, for processes whose time zone is UTC. */
  stopAt(time: number): void {
    this.setTo(new Date(time).toISOString().replace('T', ' ').replace('Z', ''));
  }
}
