/**
 * Numbers from 0 to `size - 1`, where the n-th comes as often as `1 / (n + 1) ** exponent` says: few sessions
 * are asked for again and again, and most hardly ever. YCSB and many others use the exponent 0.99.
 */
export class Zipf {
  /** At n: how probable a number up to n is. */
  readonly #upTo: Float64Array;

  constructor(size: number, exponent: number) {
    this.#upTo = new Float64Array(size);
    let sum = 0;
    for (let n = 0; n < size; n++) {
      sum += 1 / (n + 1) ** exponent;
      this.#upTo[n] = sum;
    }
    for (let n = 0; n < size; n++) this.#upTo[n] = (this.#upTo[n] as number) / sum;
  }

  /** @param random from 0 to below 1. */
  draw(random: number): number {
    let low = 0;
    let high = this.#upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#upTo[middle] as number) > random) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
