/** How a purge proceeds. */
export interface PurgeOptions {
  /**
   * The most entries that one slice removes; 1 to 1,000,000, 200 by default. It removes fewer if they take longer
   * than about half a millisecond. Between two slices, for twice as long, other work runs: the event loop of this process, and
   * the writers of all others.
   */
  readonly sliceEntries?: number | undefined;
  /**
   * How long the purge goes on, in seconds, 10 by default; finite and more than 0. At least one
   * slice is done. What is left is removed by the next purge, or by the app's own `set`s.
   */
  readonly timeBudgetSeconds?: number | undefined;
  /** Ends the purge after the slice under way; what was removed stays removed. */
  readonly signal?: AbortSignal | undefined;
}

export interface PurgeResult {
  /**
   * How many entries were removed: those that had expired, and those that a `clear` had left to be removed later,
   * live or expired. A backend whose `clear` leaves none counts none.
   */
  readonly removed: number;
  /** Whether nothing of that kind was left; `false` when the time was used up or the signal came. */
  readonly complete: boolean;
}
