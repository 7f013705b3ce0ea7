export {
  InMemorySessionCache,
  type InMemorySessionCacheOptions,
} from './backends/memory/in-memory-session-cache.ts';
export { NoOpSessionCache } from './backends/no-op/no-op-session-cache.ts';
export type { Durability, OnehostDatabase } from './backends/sqlite/database.ts';
export {
  DatabaseJobLedger,
  type DatabaseJobLedgerOptions,
} from './backends/sqlite/database-job-ledger.ts';
export type { DatabaseLease } from './backends/sqlite/database-lease.ts';
export {
  DatabaseLeaseStore,
  type DatabaseLeaseStoreOptions,
} from './backends/sqlite/database-lease-store.ts';
export {
  DatabaseSessionCache,
  type DatabaseSessionCacheOptions,
} from './backends/sqlite/database-session-cache.ts';
export type { LockTrust } from './backends/sqlite/judge-term.ts';
export { type OpenDatabaseOptions, openDatabase } from './backends/sqlite/open-database.ts';
export type {
  TransactionConnection,
  TransactionStatement,
} from './backends/sqlite/transaction-connection.ts';
export type { Awaitable } from './contract/awaitable.ts';
export type { SessionCacheCapabilities } from './contract/capabilities.ts';
export { type CancelTimer, type Clock, systemClock, type TimerOptions } from './contract/clock.ts';
export * from './contract/errors/index.ts';
export type { OnehostEvents } from './contract/events.ts';
export type { Instance } from './contract/instance.ts';
export type {
  FinishedRun,
  JobLedger,
  JobRegistration,
  JobRun,
  JobSummary,
  Registered,
  RewoundJob,
  RunOutcome,
  UnrunTicks,
} from './contract/job-ledger.ts';
export type { Lease, Term, TermReason } from './contract/lease.ts';
export {
  type AcquireOptions,
  type HolderEvidence,
  type LeaseOptions,
  type LeaseStore,
  type LeaseStoreCapabilities,
  type LeaseSummary,
  MAX_NAME_LENGTH,
} from './contract/lease-store.ts';
export type { PurgeOptions, PurgeResult } from './contract/purge.ts';
export {
  MAX_TOKEN_LENGTH,
  MAX_USER_ID_LENGTH,
  type Session,
  type SessionSummary,
  type UserId,
} from './contract/session.ts';
export type { InvalidateByUserOptions, SessionCache } from './contract/session-cache.ts';
export type { LoadedSession, SessionLoader } from './contract/session-loader.ts';
export {
  type CreateSessionCacheOptions,
  createSessionCache,
} from './create-session-cache/create-session-cache.ts';
export type { PromisedSessionCache } from './create-session-cache/promised-session-cache.ts';
export type { SessionCacheKind } from './create-session-cache/read-choice.ts';
export type { SessionBackends } from './create-session-cache/session-backends.ts';
export { type CheckDeploymentOptions, checkDeployment } from './guards/check-deployment.ts';
export type { ClaimSingleInstanceOptions } from './guards/claim-options.ts';
export { claimSingleInstance } from './guards/claim-single-instance.ts';
export type {
  CronJob,
  IntervalJob,
  Job,
  JobContext,
  JobOptions,
  JobRetry,
} from './scheduler/job.ts';
export { type PurgeSessionsJobOptions, purgeSessionsJob } from './scheduler/purge-sessions-job.ts';
export { Scheduler, type SchedulerOptions } from './scheduler/scheduler.ts';
export { newSessionToken } from './session-tokens/new-session-token.ts';
export { sessionIdOf } from './session-tokens/session-id.ts';
