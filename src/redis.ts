export type { RedisClient } from './backends/redis/redis-client.ts';
export { RedisJobLedger, type RedisJobLedgerOptions } from './backends/redis/redis-job-ledger.ts';
export type { RedisLease } from './backends/redis/redis-lease.ts';
export {
  RedisLeaseStore,
  type RedisLeaseStoreOptions,
} from './backends/redis/redis-lease-store.ts';
export {
  RedisSessionCache,
  type RedisSessionCacheOptions,
} from './backends/redis/redis-session-cache.ts';
