import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

/** What is sent at a time. */
const BYTES = 8;

/**
 * A named pipe for numbers, read and written without the event loop: some ten microseconds from a process to another, where
 * messages take a hundred.
 */
export class Pipe implements Disposable {
  readonly #descriptor: number;
  readonly #impatient: number;
  readonly #buffer = Buffer.alloc(BYTES);

  /** Makes it if it is not there. */
  constructor(file: string, make = false) {
    if (make) execFileSync('mkfifo', [file]);
    // For both, so that opening does not wait for the other side, and reading does not end when it is gone.
    this.#descriptor = openSync(file, constants.O_RDWR);
    this.#impatient = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  }

  send(number: number): void {
    this.#buffer.writeDoubleLE(number);
    writeSync(this.#descriptor, this.#buffer, 0, BYTES);
  }

  /** Waits for a number; the thread stands still meanwhile. */
  receive(): number {
    readSync(this.#descriptor, this.#buffer, 0, BYTES, null);
    return this.#buffer.readDoubleLE();
  }

  /** `null` if none was sent. */
  receiveIfThere(): number | null {
    try {
      readSync(this.#impatient, this.#buffer, 0, BYTES, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null;
      throw error;
    }
    return this.#buffer.readDoubleLE();
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
    closeSync(this.#impatient);
  }
}
