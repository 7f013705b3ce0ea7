import path from 'node:path';
import { Refusal } from './refusal.ts';

/** How long the claim to be the only instance lasts without renewal, as long as `claimSingleInstance` has it by default. */
const CLAIM_SECONDS = 6;

/** What can be chosen when the app starts; README.md lists the variables. */
export interface Settings {
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /** Where the app keeps its files. */
  readonly folder: string;
  readonly workers: number;
  /** Under which it keeps its sessions and leases, apart from other installations on the same server. */
  readonly name: string | undefined;
  /** Whether sessions in the memory of several workers, with what goes wrong then, are wanted. */
  readonly allowUnsafeDeployment: boolean;
  /** How long a login lives after it was last used. */
  readonly sessionSeconds: number;
  /** What the browser sees when the app stands behind a proxy, say `https://app.example.org`. */
  readonly publicOrigin: string | undefined;
  /** How long to wait for another instance to leave; 0 is not at all. */
  readonly waitSeconds: number;
  /** After how long a worker that hangs is replaced as the one that runs the jobs. */
  readonly jobsLeaseSeconds: number;
  /** How often the live logins are counted. */
  readonly statisticsSeconds: number;
  /** What the app says of itself to an instance that finds it running. */
  readonly version: string | undefined;
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const {
    APP_HOST = '127.0.0.1',
    APP_PORT = '3000',
    APP_FOLDER = 'var/self-hosted-app',
    APP_WORKERS = '4',
    APP_SESSION_SECONDS = String(7 * 24 * 60 * 60),
    APP_ALLOW_UNSAFE_DEPLOYMENT = 'no',
    APP_WAIT_SECONDS = '10',
    APP_JOBS_LEASE_SECONDS = '15',
    APP_STATISTICS_SECONDS = '60',
    APP_NAME,
    APP_PUBLIC_ORIGIN,
    APP_VERSION,
  } = env;
  return {
    host: APP_HOST,
    port: integer('APP_PORT', APP_PORT, 0, 65_535),
    folder: path.resolve(APP_FOLDER),
    workers: integer('APP_WORKERS', APP_WORKERS, 1, 64),
    name: APP_NAME,
    allowUnsafeDeployment:
      oneOf('APP_ALLOW_UNSAFE_DEPLOYMENT', APP_ALLOW_UNSAFE_DEPLOYMENT, ['yes', 'no']) === 'yes',
    // Browsers cut the life of a cookie at 400 days.
    sessionSeconds: integer('APP_SESSION_SECONDS', APP_SESSION_SECONDS, 1, 400 * 24 * 60 * 60),
    publicOrigin: APP_PUBLIC_ORIGIN === undefined ? undefined : origin(APP_PUBLIC_ORIGIN),
    waitSeconds: wait('APP_WAIT_SECONDS', APP_WAIT_SECONDS),
    jobsLeaseSeconds: integer('APP_JOBS_LEASE_SECONDS', APP_JOBS_LEASE_SECONDS, 1, 3600),
    statisticsSeconds: integer('APP_STATISTICS_SECONDS', APP_STATISTICS_SECONDS, 1, 24 * 60 * 60),
    version: APP_VERSION,
  };
}

function oneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const value = values.find((each) => each === text);
  if (value !== undefined) return value;
  const list = values.map((each) => `"${each}"`).join(' or ');
  throw new Refusal(`${name} must be ${list}, but is "${text}".`);
}

/** A wait that is not longer than the claim would be in vain after a power cut, at every start. */
function wait(name: string, text: string): number {
  return text === '0' ? 0 : integer(name, text, CLAIM_SECONDS + 1, 3600, '0, or ');
}

function integer(
  name: string,
  text: string,
  least: number,
  most: number,
  alternative = '',
): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new Refusal(
      `${name} must be ${alternative}an integer from ${least} to ${most}, but is "${text}".`,
    );
  }
  return value;
}

function origin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new Refusal(
      `APP_PUBLIC_ORIGIN must look like "https://app.example.org", without a path, but is "${text}".`,
    );
  }
  return text;
}
