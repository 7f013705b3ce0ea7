export { ManualClock } from './manual-clock.ts';
export type { SessionCacheHarness, TestSession, TestStore } from './session-cache/harness.ts';
export { sessionCacheConformance } from './session-cache-conformance.ts';
export type { TestRunner } from './test-runner.ts';
