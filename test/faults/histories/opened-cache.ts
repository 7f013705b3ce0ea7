import type { Session, SessionCache } from '../../../src/index.ts';

/** Longer than anybody is stopped, or waits for somebody who is. */
export const PATIENCE_SECONDS = 60;

export interface OpenedCache<S extends Session> {
  readonly cache: SessionCache<S>;
  /** Closes what the cache is kept in, after it. */
  close(): Promise<void>;
}
