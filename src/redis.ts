export type { RedisClient } from './backends/redis/redis-client.ts';
export {
  RedisSessionCache,
  type RedisSessionCacheOptions,
} from './backends/redis/redis-session-cache.ts';
