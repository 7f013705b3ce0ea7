import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTables, openAppDatabase } from './database.ts';
import { Users } from './users.ts';

/**
 * What must be there before a worker starts: the folder, the tables, a user who can log in, and the
 * secret that signs cookies, which this returns.
 */
export async function prepareFolder(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  // The app's files are for its own user alone; the workers inherit this.
  process.umask(0o077);
  mkdirSync(folder, { recursive: true });
  const database = openAppDatabase(folder);
  try {
    createTables(database);
    await addFirstUser(new Users(database), env);
  } finally {
    database.close();
  }
  return env['APP_COOKIE_SECRET'] ?? keptSecret(path.join(folder, 'cookie-secret'));
}

async function addFirstUser(users: Users, env: NodeJS.ProcessEnv): Promise<void> {
  if (users.hasAny()) return;
  const { APP_USER = 'ada', APP_PASSWORD = randomBytes(12).toString('base64url') } = env;
  await users.add(APP_USER, APP_PASSWORD);
  // A password that was given is known, and has no place in a log.
  const password = env['APP_PASSWORD'] === undefined ? `, password: ${APP_PASSWORD}` : '';
  console.log(`First start: added the user ${APP_USER}${password}`);
}

/** In a file, so that a restart of the app logs nobody out. */
function keptSecret(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { flag: 'wx' });
  return readFileSync(file, 'utf8');
}
