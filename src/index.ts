export {
  InMemorySessionCache,
  type InMemorySessionCacheOptions,
} from './backends/memory/in-memory-session-cache.ts';
export { NoOpSessionCache } from './backends/no-op/no-op-session-cache.ts';
export type { Durability, OnehostDatabase } from './backends/sqlite/database.ts';
export {
  DatabaseSessionCache,
  type DatabaseSessionCacheOptions,
} from './backends/sqlite/database-session-cache.ts';
export { type OpenDatabaseOptions, openDatabase } from './backends/sqlite/open-database.ts';
export type { Awaitable } from './contract/awaitable.ts';
export type { SessionCacheCapabilities } from './contract/capabilities.ts';
export { type Clock, systemClock } from './contract/clock.ts';
export * from './contract/errors/index.ts';
export type { OnehostEvents } from './contract/events.ts';
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
export { newSessionToken } from './session-tokens/new-session-token.ts';
export { sessionIdOf } from './session-tokens/session-id.ts';
