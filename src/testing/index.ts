export type {
  JobLedgerHarness,
  JobLedgerTestInstance,
  JobLedgerTestPlace,
} from './job-ledger/harness.ts';
export { jobLedgerConformance } from './job-ledger-conformance.ts';
export type { LeaseStoreHarness, LeaseTestPlace, TestInstance } from './lease-store/harness.ts';
export { leaseStoreConformance } from './lease-store-conformance.ts';
export { ManualClock } from './manual-clock.ts';
export type { SessionCacheHarness, TestSession, TestStore } from './session-cache/harness.ts';
export { sessionCacheConformance } from './session-cache-conformance.ts';
export type { TestRunner } from './test-runner.ts';
