import { statSync } from 'node:fs';
import { DatabaseReplacedError } from '../../contract/errors/index.ts';

/** How often a read looks, in milliseconds: a look costs about as much as a read from memory. */
const LOOK_EVERY = 1000;

/**
 * Which file was opened. If it is deleted, or another one is put in its place, this process would go on with
 * the old one, and the processes that start later with the new one: each would answer, and neither would see
 * the other's invalidations (https://sqlite.org/howtocorrupt.html, 2.4).
 */
export class FileIdentity {
  readonly #file: string;
  readonly #opened: string | null;
  #lookedAt: number;

  constructor(file: string, now: number) {
    this.#file = file;
    this.#opened = identityOf(file);
    this.#lookedAt = now;
  }

  /** @throws DatabaseReplacedError */
  assertSame(): void {
    const found = identityOf(this.#file);
    if (found === this.#opened) return;
    throw new DatabaseReplacedError(
      `${this.#file} was ${found === null ? 'deleted' : 'replaced by another file'} while this process had it open. ` +
        'Nothing was written. Restart every process that uses it; to empty it while they run, call clear().',
    );
  }

  /**
   * Whether a look was made in the last second, of the wall clock: who reads from memory has just asked that about expiry, and a
   * second clock would cost as much as the rest of the read. Where it is set back, it was not.
   */
  wasLookedAtLately(now: number): boolean {
    return now >= this.#lookedAt && now - this.#lookedAt < LOOK_EVERY;
  }

  /**
   * The same as {@link assertSame}, but at most once a second.
   *
   * @throws DatabaseReplacedError
   */
  assertSameNowAndThen(now: number): void {
    if (this.wasLookedAtLately(now)) return;
    this.assertSame();
    this.#lookedAt = now;
  }
}

/** Asked by name, never by opening: closing a file drops SQLite's locks on it. */
function identityOf(file: string): string | null {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino}`;
}
