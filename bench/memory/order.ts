/** The row of the near cache, which is no store of its own. */
export const NEAR_CACHE = 'onehost near cache';

/** Bring so many sessions into the memory of what has this name. */
export interface MemoryOrder {
  readonly name: string;
  /** A database that has the sessions. */
  readonly file: string;
  readonly sessions: number;
}

export interface MemoryReport {
  /** What the process holds more since. */
  readonly bytes: number;
}
