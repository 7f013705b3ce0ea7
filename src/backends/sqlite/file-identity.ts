import { statSync } from 'node:fs';
import { DatabaseReplacedError } from '../../contract/errors/index.ts';

/** How often a read looks, in milliseconds: a look costs about as much as a read from memory. */
const LOOK_EVERY = 1000;

/** What SQLite keeps beside the file, and deletes when the last connection is closed and not before. */
const COMPANIONS = ['-wal', '-shm'];

/**
 * Which file was opened, with its `-wal` and `-shm`. If one of them is deleted, or another one is put in its place, this process would go
 * on with the old one, and the processes that start later with the new one: each would answer, and neither would see
 * the other's invalidations (https://sqlite.org/howtocorrupt.html, 2.4).
 */
export class FileIdentity {
  readonly #file: string;
  readonly #opened: ReadonlyMap<string, string | null>;
  #lookedAt: number;

  /**
   * @param file the database, which a connection of this process has read in WAL mode, and has open.
   * @param before what {@link identityOf} it was before it was opened.
   * @throws DatabaseReplacedError when it was replaced since.
   */
  constructor(file: string, before: string | null, now: number) {
    this.#file = file;
    this.#opened = new Map([
      [file, before],
      ...COMPANIONS.map((suffix) => [file + suffix, identityOf(file + suffix)] as const),
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

/** Which file has that name; `null` if none has. Asked by name, never by opening: closing a file drops SQLite's locks on it. */
export function identityOf(file: string): string | null {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    return found === undefined ? null : `${found.dev} ${found.ino}`;
  } catch (error) {
    // Something else than a folder has taken the place of its folder.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
}
