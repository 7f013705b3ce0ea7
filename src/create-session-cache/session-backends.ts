import type { Clock } from '../contract/clock.ts';
import type { JobLedger } from '../contract/job-ledger.ts';
import type { LeaseStore } from '../contract/lease-store.ts';
import type { Session } from '../contract/session.ts';
import type { SessionCache } from '../contract/session-cache.ts';
import type { PromisedSessionCache } from './promised-session-cache.ts';
import type { SessionCacheKind } from './read-choice.ts';

/** Sessions, leases and the ledger of jobs, in the place that was chosen. */
export interface SessionBackends<S extends Session = Session> extends AsyncDisposable {
  /** Where the sessions are. */
  readonly kind: SessionCacheKind;
  /** Its every answer is a promise: `await` each call. */
  readonly sessions: PromisedSessionCache<S>;
  /** In the same server as the sessions, or in the SQLite file. */
  readonly leases: LeaseStore;
  /** Where the leases are, so that a `Scheduler` runs on the two. */
  readonly ledger: JobLedger;
  /** Closes the cache, releases the leases, and lets go of files and connections. Calling it again does nothing. */
  close(): Promise<void>;
}

/** What is handed to whatever makes them. */
export interface BackendSettings {
  /** Distinguishes installations that share a server or a machine. */
  readonly name: string;
  readonly clock: Clock;
  readonly appVersion: string | undefined;
  /** Hears of a connection that was lost, and is being made again. */
  readonly onError: (error: unknown) => Promise<void>;
}

/** What a place gives; {@link closing} ends what was made, the last first. */
export type MadeBackends<S extends Session> = Omit<
  SessionBackends<S>,
  'close' | 'kind' | 'sessions' | typeof Symbol.asyncDispose
> & {
  readonly sessions: SessionCache<S>;
  readonly closing: readonly (() => PromiseLike<void> | void)[];
};
