/** What a process did. `load` is one run of a loader, inside the `getOrLoad` of the same id. */
export const KINDS = [
  'get',
  'set',
  'touch',
  'invalidate',
  'invalidateById',
  'invalidateByUser',
  'clear',
  'getOrLoad',
  'load',
] as const;
export type Kind = (typeof KINDS)[number];

/** What stands in a field that an operation has no use for. */
export const NONE = -1;

/** One operation of one process, as the process itself wrote it down. */
export interface Operation {
  readonly kind: Kind;
  /** Of the process; a load has that of its `getOrLoad`. */
  readonly id: number;
  /** For `invalidateByUser` the one that is excepted. */
  readonly token: number;
  /** Whose session was set or loaded, or whose sessions were dropped. */
  readonly user: number;
  /** The number of the session that was set or loaded; no two are alike. */
  readonly session: number;
  /**
   * What it gave: the number of a session or 0 for none (`get`, `getOrLoad`), 1 or 0 (`touch`, `invalidate`, `invalidateById`), how many it dropped
   * (`invalidateByUser`).
   */
  readonly result: number;
  /** What the app's own store said: the version that it had been changed to before, or at which it was loaded. */
  readonly version: number;
  /** Nanoseconds of the monotonic clock, which all processes share, since the beginning of the run. */
  readonly begin: number;
  /** When it had returned. Of one that was cut off: when its process had ended. */
  readonly end: number;
  /** Its process was killed before it returned: it has happened somewhere in between, or not at all. */
  readonly isCut: boolean;
}

/** What one process did in one round. */
export interface History {
  /** In the order in which they ended. */
  readonly operations: readonly Operation[];
  /** When the process had ended, if it was killed in this round. */
  readonly endedAt: number | null;
}
