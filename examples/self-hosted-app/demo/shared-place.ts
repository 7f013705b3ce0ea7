import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { AppSettings } from './app-process.ts';

export interface SharedPlace {
  readonly name: string;
  readonly settings: AppSettings;
}

/** Under which this demo is known to a server, which may know an earlier one. */
const APP_NAME = `demo_${randomBytes(4).toString('hex')}`;

const MEMORY = '/dev/shm';

/**
 * Where the app keeps the sessions that its workers share: in a file, unless ONEHOST_SESSION_CACHE, ONEHOST_REDIS_URL or ONEHOST_DATABASE_URL say
 * otherwise, as the app's own variables of these names would.
 */
export function sharedPlace(env: NodeJS.ProcessEnv): SharedPlace {
  const {
    ONEHOST_SESSION_CACHE: kind,
    ONEHOST_REDIS_URL: redisUrl,
    ONEHOST_DATABASE_URL: databaseUrl,
  } = env;
  const server = redisUrl ? 'redis' : databaseUrl?.startsWith('postgres') ? 'postgres' : undefined;
  return {
    name: kind || (server ?? 'database'),
    settings: {
      APP_NAME,
      ...(kind ? { APP_SESSION_CACHE: kind } : {}),
      ...(redisUrl ? { APP_REDIS_URL: redisUrl } : {}),
      ...(databaseUrl ? { APP_DATABASE_URL: databaseUrl } : {}),
    },
  };
}

/** What is in shared memory would stay there until the machine is restarted. What is in a server stays, under a name of its own. */
export function removeSharedMemory(): void {
  if (!existsSync(MEMORY)) return;
  const ours = `onehost-${process.geteuid?.()}-${APP_NAME}-`;
  for (const name of readdirSync(MEMORY).filter((each) => each.startsWith(ours))) {
    rmSync(path.join(MEMORY, name), { recursive: true });
  }
}
