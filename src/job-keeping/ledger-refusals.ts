import { InvalidJobError, InvalidOptionError } from '../contract/errors/index.ts';
import type { Lease } from '../contract/lease.ts';
import { describeType } from '../contract/validate-arguments.ts';
import type { JobRow } from './ledger-records.ts';

/** @param where what keeps the ledger: a file, a database. */
export function unknownJob(name: string, where: string): InvalidJobError {
  return new InvalidJobError(
    `The job "${name}" is not known to the ledger in ${where}. Nothing was written. Register it under the lease first.`,
  );
}

/** @throws InvalidJobError unless the job is one of the lease of that name. */
export function assertOfLease(job: Pick<JobRow, 'name' | 'lease'>, lease: Lease): void {
  if (job.lease === lease.name) return;
  throw new InvalidJobError(
    `The job "${job.name}" is one of the lease "${job.lease}" here, but is used under the lease "${lease.name}": ` +
      'who holds one would take the runs of the other for abandoned. Nothing was written. ' +
      'Give the scheduler the same name as before, or the job another one.',
  );
}

/** Ticks of which some have been dealt with, and some have not. */
export function partlyHandled(
  { job, first, last }: { readonly job: string; readonly first: number; readonly last: number },
  handledUntil: number,
): InvalidOptionError {
  const [from, to, until] = [first, last, handledUntil].map((time) => new Date(time).toISOString());
  return new InvalidOptionError(
    `The ticks of the job "${job}" from ${from} to ${to} cannot be recorded: those up to ${until} have been dealt with, and how many are left ` +
      'is not said. Nothing was written. Record those that come after it.',
  );
}

/** What was found in place of a lease. */
export function describeLease(found: unknown): string {
  if (found instanceof Promise) return 'a promise (await acquire)';
  return found === null ? 'null (tryAcquire did not get it)' : describeType(found);
}
