export { OnehostPostgres } from './backends/postgres/onehost-postgres.ts';
export { type OpenPostgresOptions, openPostgres } from './backends/postgres/open-postgres.ts';
export {
  PostgresJobLedger,
  type PostgresJobLedgerOptions,
} from './backends/postgres/postgres-job-ledger.ts';
export type { PostgresLease } from './backends/postgres/postgres-lease.ts';
export {
  PostgresLeaseStore,
  type PostgresLeaseStoreOptions,
} from './backends/postgres/postgres-lease-store.ts';
export type { PostgresClient, PostgresPool } from './backends/postgres/postgres-pool.ts';
export {
  PostgresSessionCache,
  type PostgresSessionCacheOptions,
} from './backends/postgres/postgres-session-cache.ts';
