import { subscribe } from 'node:diagnostics_channel';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import {
  isOnehostError,
  type Job,
  LeaseLostError,
  type OnehostEvents,
  purgeSessionsJob,
  Scheduler,
  type SessionBackends,
} from 'onehost';
import type { LoginStatistics } from './login-statistics.ts';
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
  readonly backends: Pick<SessionBackends, 'sessions' | 'leases' | 'ledger'>;
  readonly logins: Logins;
  readonly statistics: LoginStatistics;
  readonly worker: number;
}

/** Every worker has the same jobs; the one that holds the lease runs them. */
export function createBackgroundJobs(parts: JobParts): Scheduler {
  const { settings, backends, logins, worker } = parts;
  const { sessions, leases, ledger } = backends;
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
  scheduler.add(removeExpiredLogins(logins)).add(countLogins(parts));
  // A cache that each worker has for itself would be purged in one of them.
  if (sessions.capabilities.reach !== 'process') scheduler.add(purgeSessionsJob(sessions));
  logOwnership(worker);
  return scheduler;
}

/** By no fence, and here it needs none: removing what has expired twice, or late, does no harm. */
function removeExpiredLogins(logins: Logins): Job {
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

function countLogins({ settings, logins, statistics, worker }: JobParts): Job {
  const { statisticsSeconds } = settings;
  return {
    name: 'login-statistics',
    everySeconds: statisticsSeconds,
    // Counted later, it would be the number of another time: better none.
    misfire: 'skip',
    graceSeconds: statisticsSeconds / 2,
    async run({ scheduledFor, signal, fencingToken }) {
      statistics.begin(fencingToken);
      const counts = [logins.countLive()];
      const pause = () => wait((statisticsSeconds * 1000) / 10, true, { signal });
      while (counts.length < LOOKS && (await pause().catch(() => false))) {
        counts.push(logins.countLive());
      }
      // Told to end, it writes what it has. When the app stops that still counts; when another worker has taken over,
      // the fence refuses it.
      const counted = { countedFor: scheduledFor, logins: median(counts), worker };
      if (statistics.add(counted, fencingToken)) return;
      // No failure of the job, so `onError` hears nothing of it; but whoever reads the log may want to know.
      const lost = new LeaseLostError(
        `The lease "${JOBS_LEASE}" was lost, and another worker has written since. Nothing was written.`,
      );
      console.error(`Worker ${worker}, job "login-statistics": ${lost.message}`);
      throw lost;
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
