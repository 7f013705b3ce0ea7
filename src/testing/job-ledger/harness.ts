import type { Awaitable } from '../../contract/awaitable.ts';
import type { JobLedger, JobRegistration, JobRun, JobSummary } from '../../contract/job-ledger.ts';
import type { Lease } from '../../contract/lease.ts';
import type { LeaseTestPlace, TestInstance } from '../lease-store/harness.ts';
import type { TestRunner } from '../test-runner.ts';
import { withTwoInstances } from '../two-instances.ts';

/** An empty place where leases and jobs are kept: a file, or a server's database. */
export interface JobLedgerTestPlace extends Omit<LeaseTestPlace, 'openInstance'> {
  /** A further instance that contends here, as another process would. */
  openInstance(): Awaitable<JobLedgerTestInstance>;
}

export interface JobLedgerTestInstance extends Omit<TestInstance, 'counter'> {
  /** It is written under the leases of `leases`. */
  readonly ledger: JobLedger;
}

/** What has to be said of a backend to run the suite on it. */
export interface JobLedgerHarness {
  readonly name: string;
  /**
   * How many runs that are over the ledgers in its places keep of each job, at least 2. The suite writes about twice as many, so
   * let it be small.
   */
  readonly keptRuns: number;
  createPlace(): Awaitable<JobLedgerTestPlace>;
}

/** What the body of a claim gets. */
export interface JobClaimContext {
  readonly ours: JobLedgerTestInstance;
  readonly theirs: JobLedgerTestInstance;
  readonly place: JobLedgerTestPlace;
}

export type JobClaim = (name: string, body: (context: JobClaimContext) => Promise<void>) => void;

/** Turns claims into tests of `runner`: a fresh place with two instances for each, closed afterwards. */
export function jobClaimsOf(runner: TestRunner, harness: JobLedgerHarness): JobClaim {
  return (name, body) => {
    runner.test(name, () => withTwoInstances(() => harness.createPlace(), body));
  };
}

/** The tick of so many minutes after the job began to count. */
export function minute(count: number): Date {
  return new Date(Date.UTC(2026, 5, 1) + count * 60_000);
}

/** A job as the claims register it: its ticks count from `minute(0)`. */
export function everyMinute(name: string): JobRegistration {
  return { name, schedule: 'every minute', startAt: minute(0) };
}

/** Begins a term of the one lease that the claims write under, and registers `job` in it. */
export async function beginTerm(
  { leases, ledger }: JobLedgerTestInstance,
  job: JobRegistration = everyMinute('job'),
): Promise<Lease> {
  const lease = await leases.acquire('scheduler');
  await ledger.register(lease, job);
  return lease;
}

/** Runs a tick from its beginning to its good end. */
export async function runTick(
  { ledger }: JobLedgerTestInstance,
  lease: Lease,
  scheduledFor: Date,
): Promise<void> {
  await ledger.begin(lease, 'job', scheduledFor);
  const outcome = 'succeeded';
  await ledger.finish(lease, { job: 'job', scheduledFor, outcome, attempts: 1, error: null });
}

/** All that a ledger tells of the job, to be compared with what it tells later. */
export async function told({
  ledger,
}: JobLedgerTestInstance): Promise<{ jobs: JobSummary[]; runs: JobRun[] }> {
  return { jobs: await ledger.jobs(), runs: await ledger.runs('job') };
}
