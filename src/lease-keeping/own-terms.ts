/** A term as it is kept; `holder` is the id of an instance. */
interface KeptTerm {
  readonly name: string;
  readonly holder: string | null;
  readonly fencingToken: number;
}

/**
 * The terms that a store on a server has begun. One that the server began without its answer being heard is held in the name of the store, and nobody renews it: it
 * is told from those that somebody has, so that it need not be waited for.
 */
export class OwnTerms {
  readonly #instanceId: string;
  /** The newest that a caller was given, of each lease. */
  readonly #given = new Map<string, number>();
  readonly #beginning = new Map<Promise<unknown>, string>();
  #isInDoubt = false;

  constructor(instanceId: string) {
    this.#instanceId = instanceId;
  }

  /** Whether something was asked for of which it is not known whether it was done. */
  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /** @param begin gives the lease, or `null` when somebody was faster. */
  async begin<L extends { readonly fencingToken: number }>(
    name: string,
    begin: () => Promise<L | null>,
  ): Promise<L | null> {
    const beginning = begin();
    this.#beginning.set(beginning, name);
    try {
      const lease = await beginning;
      if (lease !== null) this.#given.set(name, lease.fencingToken);
      return lease;
    } catch (error) {
      this.#isInDoubt = true;
      throw error;
    } finally {
      this.#beginning.delete(beginning);
    }
  }

  /** Whether the term is this store's, and nobody was given it, nor will be. */
  isOrphan({ name, holder, fencingToken }: KeptTerm): boolean {
    if (holder !== this.#instanceId || this.#given.get(name) === fencingToken) return false;
    return ![...this.#beginning.values()].includes(name);
  }

  /** When no term is being begun any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#beginning.keys());
  }
}
