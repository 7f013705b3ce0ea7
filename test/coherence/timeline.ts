import type { Operation } from './history.ts';

/** Operations in the order in which they began, with quick answers to "what was going on then?". */
export class Timeline {
  readonly #operations: readonly Operation[];
  /** At each place, the latest end of all operations up to it. */
  readonly #latestEnd: number[] = [];

  constructor(operations: readonly Operation[]) {
    this.#operations = operations.toSorted((a, b) => a.begin - b.begin);
    let latest = Number.NEGATIVE_INFINITY;
    for (const operation of this.#operations) {
      latest = Math.max(latest, operation.end);
      this.#latestEnd.push(latest);
    }
  }

  /** The end of the one that ended first, of those that began at or after `time` and are `meant`. */
  firstEndOfThoseBegunAfter(time: number, meant: (operation: Operation) => boolean): number {
    let first = Number.POSITIVE_INFINITY;
    for (let at = this.#countBegunBefore(time); at < this.#operations.length; at++) {
      const operation = this.#operations[at] as Operation;
      // Whatever begins from here on also ends later.
      if (operation.begin >= first) break;
      if (meant(operation)) first = Math.min(first, operation.end);
    }
    return first;
  }

  /** The one that began last, of those that began at or before `time`. */
  lastBegunBy(time: number): Operation | undefined {
    return this.#operations[this.#countBegunBefore(time + 1) - 1];
  }

  /** Whether any but the last `but` of those that began by `to` was still going on at `from`, or later. */
  anyGoingOn(from: number, to: number, but = 0): boolean {
    const count = this.#countBegunBefore(to + 1) - but;
    return count > 0 && (this.#latestEnd[count - 1] as number) >= from;
  }

  #countBegunBefore(time: number): number {
    let low = 0;
    let high = this.#operations.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#operations[middle] as Operation).begin < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A timeline for each value of a key. */
export function timelinesBy(
  operations: readonly Operation[],
  key: (operation: Operation) => number,
): Map<number, Timeline> {
  const groups = new Map<number, Operation[]>();
  for (const operation of operations) {
    const group = groups.get(key(operation));
    if (group === undefined) groups.set(key(operation), [operation]);
    else group.push(operation);
  }
  return new Map([...groups].map(([name, group]) => [name, new Timeline(group)]));
}
