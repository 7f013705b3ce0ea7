/**
 * Lets a key in at its second knock, so that what is asked for once does not push out what is asked for
 * often. The name and the idea are from "TinyLFU" (Einziger, Friedman and Manes, ACM TOS 2017, 3.4.2); an
 * exact set in the place of their Bloom filter, since keys by the thousand are small.
 */
export class Doorkeeper {
  readonly #knocked = new Set<string>();
  readonly #maxKeys: number;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  admits(key: string): boolean {
    if (this.#knocked.delete(key)) return true;
    if (this.#knocked.size >= this.#maxKeys) this.#knocked.clear();
    this.#knocked.add(key);
    return false;
  }
}
