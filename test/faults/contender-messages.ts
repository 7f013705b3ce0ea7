import type { TermReason } from '../../src/index.ts';

/** What a contender is started with. */
export interface ContenderOrder {
  readonly file: string;
  readonly durationSeconds?: number;
  /** Between reading and writing; `null` for one that only holds the lease, and does nothing under it. */
  readonly pauseMilliseconds: number | null;
  readonly blockSeconds: number;
}

/**
 * What a contender is told. `release`: give the lease up; `block`: hold the event loop for `blockSeconds`; `stop-before-write`:
 * stop after the look at the clock that comes before the next write; `usage`: say what you have cost.
 */
export type ContenderRequest = 'release' | 'block' | 'stop-before-write' | 'usage';

/** What a contender tells. Times are on the monotonic clock that the processes share. */
export type ContenderReport =
  | { readonly type: 'contending' }
  | Acquired
  | { readonly type: 'released'; readonly at: number }
  | { readonly type: 'stopping'; readonly at: number }
  | Refused
  | Usage;

export interface Acquired {
  readonly type: 'acquired';
  readonly fencingToken: number;
  readonly reason: TermReason;
  readonly at: number;
  readonly wall: number;
}

export interface Refused {
  readonly type: 'refused';
  readonly fencingToken: number;
  readonly code: string;
  readonly message: string;
  /** Whether the signal had aborted when the write was refused. */
  readonly signalAborted: boolean;
  readonly at: number;
}

export interface Usage {
  readonly type: 'usage';
  /** User and system, of the whole process since its start. */
  readonly cpuMilliseconds: number;
  readonly at: number;
}
