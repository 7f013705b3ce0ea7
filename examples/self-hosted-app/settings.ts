import path from 'node:path';

/** What can be chosen when the app starts; README.md lists the variables. */
export interface Settings {
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /** Where the app keeps its files. */
  readonly folder: string;
  readonly workers: number;
  readonly sessionCache: 'database' | 'memory';
  /** How long a login lives after it was last used. */
  readonly sessionSeconds: number;
  /** What the browser sees when the app stands behind a proxy, say `https://app.example.org`. */
  readonly publicOrigin: string | undefined;
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const {
    APP_HOST = '127.0.0.1',
    APP_PORT = '3000',
    APP_FOLDER = 'var/self-hosted-app',
    APP_WORKERS = '4',
    APP_SESSION_CACHE = 'database',
    APP_SESSION_SECONDS = String(7 * 24 * 60 * 60),
    APP_PUBLIC_ORIGIN,
  } = env;
  if (APP_SESSION_CACHE !== 'database' && APP_SESSION_CACHE !== 'memory') {
    throw new Error(
      `APP_SESSION_CACHE must be "database" or "memory", but is "${APP_SESSION_CACHE}".`,
    );
  }
  return {
    host: APP_HOST,
    port: integer('APP_PORT', APP_PORT, 0, 65_535),
    folder: path.resolve(APP_FOLDER),
    workers: integer('APP_WORKERS', APP_WORKERS, 1, 64),
    sessionCache: APP_SESSION_CACHE,
    // Browsers cut the life of a cookie at 400 days.
    sessionSeconds: integer('APP_SESSION_SECONDS', APP_SESSION_SECONDS, 1, 400 * 24 * 60 * 60),
    publicOrigin: APP_PUBLIC_ORIGIN === undefined ? undefined : origin(APP_PUBLIC_ORIGIN),
  };
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new Error(`${name} must be an integer from ${least} to ${most}, but is "${text}".`);
  }
  return value;
}

function origin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new Error(
      `APP_PUBLIC_ORIGIN must look like "https://app.example.org", without a path, but is "${text}".`,
    );
  }
  return text;
}
