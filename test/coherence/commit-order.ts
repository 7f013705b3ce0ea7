import type { Session } from '../../src/index.ts';

/** No two that are committed are alike. */
export interface Numbered extends Session {
  readonly value: number;
}

/** What a committer is given to begin with. */
export interface CommitterOrder {
  readonly database: string;
  readonly token: string;
  /** The pipes. */
  readonly told: string;
  readonly done: string;
}

/** What a committer is told is a number: 0 or more is the value to set the session to. */
export const INVALIDATE = -1;
export const CHECKPOINTS = ['passive', 'full', 'restart', 'truncate'] as const;
/** The first kind of checkpoint; the others follow, downwards. */
export const CHECKPOINT = -2;
export const END = -10;
