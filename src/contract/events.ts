import { channel } from 'node:diagnostics_channel';
import type { LeaseLostError } from './errors/index.ts';
import type { JobRun } from './job-ledger.ts';
import type { TermReason } from './lease.ts';

/**
 * What happens inside, told on `node:diagnostics_channel`. No event holds a token or a session.
 * When nobody listens, telling costs one comparison.
 */
export interface OnehostEvents {
  /** Entries were dropped on purpose by this process. */
  'onehost:invalidated': {
    readonly scope: 'token' | 'user' | 'everything';
    /** How many live entries there were; `null` where it was not counted. */
    readonly removed: number | null;
  };
  /** A loaded session was not kept: it was invalidated while it was being loaded. */
  'onehost:fill-refused': { readonly attempt: number };
  /** The near caches on a connection let go of everything: it was invalidated, or they could not tell what had changed. */
  'onehost:near-cache-dropped': { readonly reason: 'everything-invalidated' | 'fell-behind' };
  /** Live entries were dropped by this process, so that there was room for others. */
  'onehost:evicted': { readonly removed: number };
  /** A purge ended. */
  'onehost:purged': { readonly removed: number; readonly complete: boolean };
  /** This instance holds a lease. */
  'onehost:lease-acquired': LeaseEvent & { readonly reason: TermReason };
  /** A term of this instance is over although it was not released; `error` says why. */
  'onehost:lease-lost': LeaseEvent & { readonly error: LeaseLostError };
  /** This instance released a lease. */
  'onehost:lease-released': LeaseEvent;
  /** A lease could not be renewed for now; it is tried again until the term is over. */
  'onehost:lease-renewal-failed': LeaseEvent & { readonly error: unknown };
  /**
   * The lock of a process that lives was found free. From now on only time decides about takeovers on this
   * file, until the machine starts anew.
   */
  'onehost:locks-broken': { readonly file: string };
  /** A server has lost the leases that it kept, all of them: it was emptied, or came back without its data. Terms under way are over. */
  'onehost:leases-lost': { readonly prefix: string };
  /** What became of a tick. */
  'onehost:job-run': Pick<JobRun, 'job' | 'scheduledFor' | 'ticks' | 'outcome'> & {
    /** What it threw, if it failed. */
    readonly error: unknown;
  };
  /** The ledger had a job with another schedule: another version of the app registered it. */
  'onehost:job-schedule-replaced': {
    readonly job: string;
    readonly schedule: string;
    readonly replacedSchedule: string;
  };
  /** The clock was ahead, and was set back: the job goes on from `rewoundTo`, and not from `handledUntil`, to where it had come. */
  'onehost:job-rewound': {
    readonly job: string;
    readonly handledUntil: Date;
    readonly rewoundTo: Date;
  };
}

interface LeaseEvent {
  readonly name: string;
  readonly fencingToken: number;
}

const channels = {
  'onehost:invalidated': channel('onehost:invalidated'),
  'onehost:fill-refused': channel('onehost:fill-refused'),
  'onehost:near-cache-dropped': channel('onehost:near-cache-dropped'),
  'onehost:evicted': channel('onehost:evicted'),
  'onehost:purged': channel('onehost:purged'),
  'onehost:lease-acquired': channel('onehost:lease-acquired'),
  'onehost:lease-lost': channel('onehost:lease-lost'),
  'onehost:lease-released': channel('onehost:lease-released'),
  'onehost:lease-renewal-failed': channel('onehost:lease-renewal-failed'),
  'onehost:locks-broken': channel('onehost:locks-broken'),
  'onehost:leases-lost': channel('onehost:leases-lost'),
  'onehost:job-run': channel('onehost:job-run'),
  'onehost:job-schedule-replaced': channel('onehost:job-schedule-replaced'),
  'onehost:job-rewound': channel('onehost:job-rewound'),
};

export function publish<Name extends keyof OnehostEvents>(
  name: Name,
  event: OnehostEvents[Name],
): void {
  if (channels[name].hasSubscribers) channels[name].publish(event);
}
