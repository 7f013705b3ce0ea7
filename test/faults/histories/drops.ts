/** What takes sessions away: an invalidation, or a `set` in their place. */
export interface Drop {
  readonly begin: number;
  readonly end: number;
  /** That the app's own store had been changed to before it began. */
  readonly version: number;
}

/** Drops, with quick answers to when the first of them had returned. */
export class Drops {
  readonly #byBegin: Ascending;
  readonly #byVersion: Ascending;

  constructor(drops: readonly Drop[]) {
    this.#byBegin = new Ascending(drops, ({ begin }) => begin);
    this.#byVersion = new Ascending(drops, ({ version }) => version);
  }

  /** The end of the one that ended first, of those that began after `time`. */
  firstEndAfter(time: number): number {
    return this.#byBegin.firstEndAbove(time);
  }

  /** Of those before which the app's own store was changed to something newer. */
  firstEndOfNewerThan(version: number): number {
    return this.#byVersion.firstEndAbove(version);
  }
}

class Ascending {
  readonly #keys: readonly number[];
  /** At each place, the first end of all from there on. */
  readonly #firstEnds: number[];

  constructor(drops: readonly Drop[], key: (drop: Drop) => number) {
    const sorted = drops.toSorted((a, b) => key(a) - key(b));
    this.#keys = sorted.map(key);
    this.#firstEnds = sorted.map(({ end }) => end);
    for (let at = sorted.length - 2; at >= 0; at--) {
      this.#firstEnds[at] = Math.min(
        this.#firstEnds[at] as number,
        this.#firstEnds[at + 1] as number,
      );
    }
  }

  firstEndAbove(key: number): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] as number) <= key) low = middle + 1;
      else high = middle;
    }
    return this.#firstEnds[low] ?? Number.POSITIVE_INFINITY;
  }
}
