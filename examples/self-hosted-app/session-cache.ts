import {
  checkDeployment,
  DatabaseSessionCache,
  InMemorySessionCache,
  type OnehostDatabase,
  type SessionCache,
  UnsafeDeploymentError,
} from 'onehost';
import type { AppSession } from './sessions.ts';
import type { Settings } from './settings.ts';

/** The one place that knows which cache it is. */
export function createSessionCache(
  settings: Settings,
  database: OnehostDatabase,
): SessionCache<AppSession> {
  // Right for one worker. With several, a logout in one is unknown to the others: see `npm run demo`.
  if (settings.sessionCache === 'memory') return new InMemorySessionCache<AppSession>();
  return new DatabaseSessionCache<AppSession>(database);
}

/**
 * Refuses sessions in the memory of several workers, unless they are wanted by name.
 *
 * @throws UnsafeDeploymentError
 */
export async function checkSessionCache(
  settings: Settings,
  database: OnehostDatabase,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await using cache = createSessionCache(settings, database);
  // Where nobody has set it, it is the app's default that counts.
  const effective = { ...env, APP_WORKERS: String(settings.workers) };
  try {
    checkDeployment({ cache, env: effective, workersVariable: 'APP_WORKERS' });
  } catch (error) {
    if (!(error instanceof UnsafeDeploymentError && settings.allowUnsafeDeployment)) throw error;
    console.warn(`Allowed by APP_ALLOW_UNSAFE_DEPLOYMENT: ${error.message}`);
  }
}
