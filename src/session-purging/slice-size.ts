/**
 * How long a slice is to take. A process that wants to write meanwhile waits for it, and SQLite lets it wait a millisecond
 * at least. Shorter ones would be mostly overhead: a transaction of none costs a fifth of this.
 */
const AIM_MILLISECONDS = 0.5;

/** Before it is known how long they take. */
const FIRST_ENTRIES = 8;

/** How many entries the next slice removes, by how long the last one took: a tenth of the speed is a tenth of the entries. */
export class SliceSize {
  readonly #most: number;
  #entries: number;

  constructor(most: number) {
    this.#most = most;
    this.#entries = Math.min(FIRST_ENTRIES, most);
  }

  get entries(): number {
    return this.#entries;
  }

  /** A slice that took long shrinks the next one at once; it grows back by doubling. */
  adapt(milliseconds: number): void {
    const factor = Math.min(2, AIM_MILLISECONDS / milliseconds);
    this.#entries = Math.max(1, Math.min(this.#most, Math.round(this.#entries * factor)));
  }
}
