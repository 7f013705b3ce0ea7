import { argumentClaims } from './job-ledger/arguments.ts';
import { fencingClaims } from './job-ledger/fencing.ts';
import { handoverClaims } from './job-ledger/handover.ts';
import { type JobLedgerHarness, jobClaimsOf } from './job-ledger/harness.ts';
import { historyClaims } from './job-ledger/history.ts';
import { notRunningClaims } from './job-ledger/not-running.ts';
import { registeringClaims } from './job-ledger/registering.ts';
import { rewindingClaims } from './job-ledger/rewinding.ts';
import { runningClaims } from './job-ledger/running.ts';
import type { TestRunner } from './test-runner.ts';

/**
 * Everything that `JobLedger` promises, as tests of `runner`, for any backend: hand it the `describe` and `test` of vitest, jest or
 * node:test, and say with a {@link JobLedgerHarness} how to make a place where leases and jobs are kept. The leases have to keep
 * their own contract, which `leaseStoreConformance` proves.
 */
export function jobLedgerConformance(runner: TestRunner, harness: JobLedgerHarness): void {
  const claim = jobClaimsOf(runner, harness);
  runner.describe(`${harness.name} keeps the contract of JobLedger`, () => {
    runner.describe('arguments', () => argumentClaims(claim));
    runner.describe('registering', () => registeringClaims(claim));
    runner.describe('ticks that run', () => runningClaims(claim));
    runner.describe('ticks that do not run', () => notRunningClaims(claim));
    runner.describe('fencing', () => fencingClaims(claim));
    runner.describe('handover', () => handoverClaims(claim));
    runner.describe('a clock that was ahead', () => rewindingClaims(claim, harness));
    runner.describe('history', () => historyClaims(claim, harness));
  });
}
