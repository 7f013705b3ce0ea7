import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTables, openAppDatabase } from './database.ts';
import { Refusal } from './refusal.ts';
import { Users } from './users.ts';

export function makeFolder(folder: string): void {
  // The app's files are for its own user alone; the workers inherit this.
  process.umask(0o077);
  mkdirSync(folder, { recursive: true });
}

/**
 * What must be there before a worker starts: the tables, a user who can log in, and the secret that
 * signs cookies, which this returns. For the only instance: two would give two different secrets.
 */
export async function prepareFolder(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const database = openAppDatabase(folder);
  try {
    createTables(database);
    await addFirstUser(new Users(database), env);
  } finally {
    database.close();
  }
  return cookieSecret(folder, env);
}

async function addFirstUser(users: Users, env: NodeJS.ProcessEnv): Promise<void> {
  if (users.hasAny()) return;
  // Set to nothing is not set: an empty password would let everybody in.
  const { APP_USER, APP_PASSWORD } = env;
  const [name, given] = [APP_USER || 'ada', APP_PASSWORD || undefined];
  const password = given ?? randomBytes(12).toString('base64url');
  await users.add(name, password);
  // A password that was given is known, and has no place in a log.
  const shown = given === undefined ? password : 'as in APP_PASSWORD';
  console.log(`First start: added the user "${name}", password ${shown}`);
}

/** The one that was given, or one made at the first start and kept, so that a restart logs nobody out. */
function cookieSecret(folder: string, env: NodeJS.ProcessEnv): string {
  const file = path.join(folder, 'cookie-secret');
  const { APP_COOKIE_SECRET: given } = env;
  if (given === undefined && !existsSync(file)) {
    writeFileSync(file, randomBytes(32).toString('base64url'), { flag: 'wx' });
  }
  const secret = given ?? readFileSync(file, 'utf8');
  if (secret.length < 32) {
    const source = given === undefined ? file : 'APP_COOKIE_SECRET';
    throw new Refusal(`${source} must hold at least 32 characters, but holds ${secret.length}.`);
  }
  return secret;
}
