import type { Environment, Table } from './load-lmdb.ts';

/** How many invalidations there have been: who remembers the number can ask later what came since. */
export type FencePosition = number;

const COUNT = Buffer.of(0);
const EVERYTHING = Buffer.of(1);

/** How much of a hash is its slot: 65,536 of them, 2 MB when all are in use. */
const SLOT_BYTES = 2;

/**
 * When what was invalidated last: a number for each slot, and a token or a user has the slot that its hash begins with. Two that share one
 * are taken for the same, which costs a load that is done again, in one of 65,536 cases. In exchange the table never grows, nothing is trimmed, and to ask
 * is two look-ups; the change log of the SQLite file, which near caches need, would be read row by row.
 */
export class FenceMarks {
  readonly table: Table;

  constructor(environment: Environment) {
    this.table = environment.openDB({
      name: 'fence-marks',
      encoding: 'binary',
      keyEncoding: 'binary',
    });
  }

  position(): FencePosition {
    return this.#read(COUNT);
  }

  /** Inside the transaction that invalidates: these tokens and users, by their hashes. */
  mark(hashes: readonly Uint8Array[]): void {
    this.#set(hashes.map((hash) => hash.subarray(0, SLOT_BYTES)));
  }

  markEverything(): void {
    this.#set([EVERYTHING]);
  }

  /** Whether one of these, or everything, was invalidated after `position`; or may have been. */
  concernsSince(position: FencePosition, hashes: readonly Uint8Array[]): boolean {
    const slots = hashes.map((hash) => hash.subarray(0, SLOT_BYTES));
    return [EVERYTHING, ...slots].some((slot) => this.#read(slot) > position);
  }

  #set(slots: readonly Uint8Array[]): void {
    const value = Buffer.allocUnsafe(8);
    value.writeDoubleLE(this.position() + 1);
    for (const slot of [COUNT, ...slots]) this.table.putSync(slot, value);
  }

  #read(slot: Uint8Array): number {
    return this.table.getBinary(slot)?.readDoubleLE(0) ?? 0;
  }
}
