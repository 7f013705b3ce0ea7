import { type Stats, statSync } from 'node:fs';
import { DatabaseReplacedError } from '../contract/errors/index.ts';

/** How often a read looks, in milliseconds: a look costs about as much as a read from memory. */
const LOOK_EVERY = 1000;

/**
 * Which file was opened, with those that its library keeps beside it and does not delete before the last connection is closed. If one of them is deleted, or another one is put in its place, this process would go
 * on with the old one, and the processes that start later with the new one: each would answer, and neither would see
 * the other's invalidations (https://sqlite.org/howtocorrupt.html, 2.4).
 */
export class FileIdentity {
  readonly #file: string;
  readonly #opened: ReadonlyMap<string, string | null>;
  #lookedAt: number;

  /**
   * @param file which this process has open, and the ones beside it too.
   * @param look `companions`: what the names of those end in; `before`: what {@link identityOf} the file was before it was opened.
   * @throws DatabaseReplacedError when it was replaced since.
   */
  constructor(
    file: string,
    {
      companions,
      before,
      now,
    }: {
      readonly companions: readonly string[];
      readonly before: string | null;
      readonly now: number;
    },
  ) {
    this.#file = file;
    this.#opened = new Map([
      [file, before],
      ...companions.map((suffix) => [file + suffix, identityOf(file + suffix)] as const),
    ]);
    this.#lookedAt = now;
    this.#assertSame(file);
  }

  /** @throws DatabaseReplacedError, or what the file system says where it cannot be looked at. */
  assertSame(): void {
    for (const file of this.#opened.keys()) this.#assertSame(file);
  }

  /**
   * {@link assertSame} of the file itself, and of the ones beside it at most once a second: each look takes 2 us, of 40 that a `set`
   * takes.
   *
   * @throws what `assertSame` does.
   */
  assertSameFile(now: number): void {
    if (this.wasLookedAtLately(now)) this.#assertSame(this.#file);
    else this.assertSameNowAndThen(now);
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
   * @throws what `assertSame` does.
   */
  assertSameNowAndThen(now: number): void {
    if (this.wasLookedAtLately(now)) return;
    this.assertSame();
    this.#lookedAt = now;
  }

  #assertSame(file: string): void {
    const found = identityOf(file);
    if (found === this.#opened.get(file)) return;
    throw new DatabaseReplacedError(
      `${file} was ${found === null ? 'deleted' : 'replaced by another file'} while this process had it open. ` +
        `Nothing was written. Restart every process that uses ${this.#file}; to empty it while they run, call clear().`,
    );
  }
}

/** Which file has that name; `null` if none has. Asked by name, never by opening: closing a file drops the locks that this process has on it. */
export function identityOf(file: string): string | null {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    return found === undefined ? null : identityIn(found);
  } catch (error) {
    // Something else than a folder has taken the place of its folder.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
}

/** The same, of what the system says of a file that is open. */
export function identityIn({ dev, ino }: Stats): string {
  return `${dev} ${ino}`;
}
