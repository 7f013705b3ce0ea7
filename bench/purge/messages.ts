/** Milliseconds; `maximum` is the longest. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly maximum: number;
}

/** What a process that sets sessions is told. */
export type SetterOrder =
  | { readonly do: 'begin'; readonly file: string; readonly perSecond: number }
  /** Answered by the percentiles of the sets since the last time. */
  | { readonly do: 'report' }
  | { readonly do: 'end' };

/** What the process that purges is told. Each order is answered when it was carried out. */
export type PurgerOrder =
  | { readonly do: 'open'; readonly file: string }
  | { readonly do: 'idle'; readonly seconds: number }
  | { readonly do: 'clear' }
  | { readonly do: 'purge'; readonly timeBudgetSeconds: number }
  | { readonly do: 'end' };

/** What the process that does nothing is told. */
export type BystanderOrder =
  /** Answered by how long its event loop was held at most since the last time, in milliseconds. */
  { readonly do: 'report' } | { readonly do: 'end' };

/** What came of an order, and how long the event loop of the process was held at most meanwhile. */
export interface Done {
  readonly seconds: number;
  readonly longestHoldMilliseconds: number;
  /** Without the time in which it had no core. */
  readonly longestOwnHoldMilliseconds: number;
  readonly removed: number;
  readonly complete: boolean;
}
