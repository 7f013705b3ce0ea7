import type { Awaitable } from '../contract/awaitable.ts';
import type { Clock } from '../contract/clock.ts';
import { InvalidJobError, LeaseLostError } from '../contract/errors/index.ts';
import type { JobLedger } from '../contract/job-ledger.ts';
import type { Lease } from '../contract/lease.ts';
import { pause } from '../waiting/pause.ts';

const FIRST_RETRY_MILLISECONDS = 1_000;
const LONGEST_RETRY_MILLISECONDS = 30_000;

/** What a scheduler runs jobs with while it holds the lease. */
export interface Ownership<Connection = unknown> {
  readonly lease: Lease<Connection>;
  readonly ledger: JobLedger<Connection>;
  readonly clock: Clock;
  /** Aborts when the scheduler stops. */
  readonly stopping: AbortSignal;
  /** Told of what jobs and the ledger throw. */
  readonly report: (error: unknown, job: string) => void;
}

/**
 * What `write` gives, tried again until the ledger takes it: a full disk or a busy file costs time, and no record. `null` when the lease
 * was lost before; the next owner finds what was not written, and records it. `null` as well for a job that the ledger refuses, since
 * it would for ever.
 */
export async function untilRecorded<T>(
  { lease, clock, report }: Ownership,
  job: string,
  write: () => Awaitable<T>,
): Promise<{ readonly written: T } | null> {
  let delay = FIRST_RETRY_MILLISECONDS;
  while (lease.isHeld()) {
    try {
      return { written: await write() };
    } catch (error) {
      if (error instanceof LeaseLostError) break;
      report(error, job);
      if (error instanceof InvalidJobError) break;
    }
    await pause(clock, delay, lease.signal);
    delay = Math.min(2 * delay, LONGEST_RETRY_MILLISECONDS);
  }
  return null;
}
