import { subscribe } from 'node:diagnostics_channel';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import {
  DatabaseJobLedger,
  type DatabaseLeaseStore,
  isOnehostError,
  type Job,
  type JobLedger,
  type OnehostDatabase,
  type OnehostEvents,
  purgeSessionsJob,
  Scheduler,
  type SessionCache,
  type TransactionConnection,
} from 'onehost';
import { addStatistics } from './login-statistics.ts';
import type { Logins } from './logins.ts';
import type { Settings } from './settings.ts';

/** The lease of the worker that runs the jobs. */
export const JOBS_LEASE = 'scheduler';

/** How long jobs under way may go on after the app was told to stop. */
const DRAIN_SECONDS = 5;
const REMOVED_AT_ONCE = 500;
/** One look could fall on an odd moment. */
const LOOKS = 5;

export interface JobParts {
  readonly settings: Settings;
  readonly database: OnehostDatabase;
  readonly leases: DatabaseLeaseStore;
  readonly cache: SessionCache;
  readonly logins: Logins;
  readonly worker: number;
}

export interface BackgroundJobs {
  readonly scheduler: Scheduler<TransactionConnection>;
  readonly ledger: JobLedger<TransactionConnection>;
}

/** Every worker has the same jobs; the one that holds the lease runs them. */
export function createBackgroundJobs(parts: JobParts): BackgroundJobs {
  const { settings, database, leases, cache, logins, worker } = parts;
  const ledger = new DatabaseJobLedger(database);
  const scheduler = new Scheduler({
    leases,
    ledger,
    name: JOBS_LEASE,
    durationSeconds: settings.jobsLeaseSeconds,
    drainSeconds: DRAIN_SECONDS,
    onError: (error, job) => {
      // What onehost says tells what to do; what the app's own code throws needs its stack.
      const shown = isOnehostError(error) ? error.message : error;
      console.error(`Worker ${worker}, ${job === null ? 'scheduler' : `job "${job}"`}:`, shown);
    },
  });
  scheduler.add(removeExpiredLogins(logins)).add(countLogins(logins, settings, worker));
  // A cache that each worker has for itself would be purged in one of them.
  if (cache.capabilities.reach !== 'process') scheduler.add(purgeSessionsJob(cache));
  logOwnership(worker);
  return { scheduler, ledger };
}

/**
 * The app's own file is not under the fence of the lease, and here it need not be: removing what has expired
 * twice, or late, does no harm. Where it would, the write belongs into `transaction`.
 */
function removeExpiredLogins(logins: Logins): Job<TransactionConnection> {
  return {
    name: 'remove-expired-logins',
    cron: '17 3 * * *',
    async run({ signal }) {
      while (!signal.aborted && logins.removeExpired(REMOVED_AT_ONCE) === REMOVED_AT_ONCE) {
        await nextTurn();
      }
    },
  };
}

function countLogins(
  logins: Logins,
  { statisticsSeconds }: Settings,
  worker: number,
): Job<TransactionConnection> {
  return {
    name: 'login-statistics',
    everySeconds: statisticsSeconds,
    // Counted later, it would be the number of another time: better none.
    misfire: 'skip',
    graceSeconds: statisticsSeconds / 2,
    async run({ scheduledFor, signal, transaction }) {
      const counts = [logins.countLive()];
      const pause = () => wait((statisticsSeconds * 1000) / 10, true, { signal });
      while (counts.length < LOOKS && (await pause().catch(() => false))) {
        counts.push(logins.countLive());
      }
      // Told to end, it writes what it has. When the app stops that still counts; when another worker has taken over,
      // the fence refuses it.
      await transaction((connection) =>
        addStatistics(connection, { countedFor: scheduledFor, logins: median(counts), worker }),
      );
    },
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function logOwnership(worker: number): void {
  subscribe('onehost:lease-acquired', (message) => {
    const { name, reason } = message as OnehostEvents['onehost:lease-acquired'];
    if (name === JOBS_LEASE) console.log(`Worker ${worker} runs the jobs (${reason}).`);
  });
}
