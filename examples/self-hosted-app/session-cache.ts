import { createSessionCache, type SessionBackends, type UnsafeDeploymentError } from 'onehost';
import { onehostFile } from './database.ts';
import type { AppSession } from './sessions.ts';
import type { Settings } from './settings.ts';

/**
 * Sessions, leases and the ledger of jobs: in onehost's file, or where APP_SESSION_CACHE, APP_REDIS_URL or APP_DATABASE_URL say. Nothing else in
 * the app knows where that is.
 *
 * Refuses sessions in the memory of several workers, unless they are wanted by name.
 */
export function openBackends(
  settings: Settings,
  env: NodeJS.ProcessEnv,
): Promise<SessionBackends<AppSession>> {
  return createSessionCache<AppSession>({
    prefix: 'APP',
    name: settings.name,
    // Where nobody has set it, it is the app's default that counts.
    env: { ...env, APP_WORKERS: String(settings.workers) },
    databaseFile: onehostFile(settings.folder),
    appVersion: settings.version,
    onUnsafeDeployment: settings.allowUnsafeDeployment ? (error) => warn(error, env) : undefined,
    onError: (error) => console.error('The connection to the session server:', error),
  });
}

/** Once, and not by each worker. */
function warn({ message }: UnsafeDeploymentError, { APP_WORKER }: NodeJS.ProcessEnv): void {
  if (APP_WORKER === undefined) console.warn(`Allowed by APP_ALLOW_UNSAFE_DEPLOYMENT: ${message}`);
}
