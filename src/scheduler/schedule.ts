/** When a job is due. Times are milliseconds since 1970-01-01 UTC. */
export interface Schedule {
  /** In words, as the ledger keeps it; two schedules of the same words have the same ticks. */
  readonly description: string;
  /**
   * The longest wait for the next tick, in milliseconds of the monotonic clock: then it is due, whatever the wall clock shows. `null`:
   * the wall clock alone says when.
   */
  readonly longestWait: number | null;
  /** The first tick after a time; `null` when there is none any more. */
  nextAfter(time: number): number | null;
  /** The ticks after `after`, up to and with `until`: the `most` newest one by one, and the older ones together. */
  ticksBetween(after: number, until: number, most: number): Ticks;
}

export interface Ticks {
  readonly older: TickRange | null;
  /** In the order of time. */
  readonly newest: readonly number[];
}

export interface TickRange {
  readonly first: number;
  readonly last: number;
  readonly ticks: number;
}
