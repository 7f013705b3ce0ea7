/** After so many that were read the next one leaves all the same: a round over millions would hold the event loop. */
const MOST_SPARED = 64;

/**
 * Gives out the seats of a near cache, and decides who leaves: a hand goes round, spares once whoever was read since it
 * last passed, and stops at the first that was not (Corbató, "A Paging Experiment with the Multics System", 1968). So to be
 * read costs one store, where the list of an LRU costs six.
 */
export class SeatClock {
  readonly #maxSeats: number;
  /** By seat: whether it was read since the hand last passed. */
  readonly #wasRead: boolean[] = [];
  readonly #vacant: number[] = [];
  #hand = 0;

  constructor(maxSeats: number) {
    this.#maxSeats = maxSeats;
  }

  get isFull(): boolean {
    return this.#vacant.length === 0 && this.#wasRead.length >= this.#maxSeats;
  }

  /** A seat that is empty; there must be one. */
  take(): number {
    const seat = this.#vacant.pop() ?? this.#wasRead.length;
    this.#wasRead[seat] = false;
    return seat;
  }

  markRead(seat: number): void {
    this.#wasRead[seat] = true;
  }

  /** The seat to be emptied next, when all are taken. */
  next(): number {
    for (let looked = 0; ; looked++) {
      const seat = this.#hand;
      this.#hand = (seat + 1) % this.#wasRead.length;
      if (!this.#wasRead[seat] || looked >= MOST_SPARED) return seat;
      this.#wasRead[seat] = false;
    }
  }

  vacate(seat: number): void {
    this.#vacant.push(seat);
  }

  clear(): void {
    this.#wasRead.length = 0;
    this.#vacant.length = 0;
    this.#hand = 0;
  }
}
