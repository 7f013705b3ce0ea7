export { OnehostPostgres } from './backends/postgres/onehost-postgres.ts';
export { type OpenPostgresOptions, openPostgres } from './backends/postgres/open-postgres.ts';
export type { PostgresClient, PostgresPool } from './backends/postgres/postgres-pool.ts';
export {
  PostgresSessionCache,
  type PostgresSessionCacheOptions,
} from './backends/postgres/postgres-session-cache.ts';
