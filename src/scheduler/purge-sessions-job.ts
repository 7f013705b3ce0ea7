import type { PurgeOptions } from '../contract/purge.ts';
import type { SessionCache } from '../contract/session-cache.ts';
import type { Job } from './job.ts';

export interface PurgeSessionsJobOptions
  extends Pick<PurgeOptions, 'sliceEntries' | 'timeBudgetSeconds'> {
  /** `'purge-sessions'` by default. */
  readonly name?: string | undefined;
  /** 60 by default. */
  readonly everySeconds?: number | undefined;
}

/**
 * A job that removes expired sessions, in slices with a time budget. For a cache that all processes share; one that
 * each has for itself is purged in the owner's process alone.
 */
export function purgeSessionsJob(
  cache: Pick<SessionCache, 'purgeExpired'>,
  options: PurgeSessionsJobOptions = {},
): Job<unknown> {
  const { name = 'purge-sessions', everySeconds = 60, ...slices } = options;
  return {
    name,
    everySeconds,
    misfire: 'skip',
    run: ({ signal }) => cache.purgeExpired({ ...slices, signal }),
  };
}
