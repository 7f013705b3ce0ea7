import { type Clock, systemClock } from '../contract/clock.ts';
import { InvalidOptionError, UnsafeDeploymentError } from '../contract/errors/index.ts';
import type { Session } from '../contract/session.ts';
import { describeType } from '../contract/validate-arguments.ts';
import { assertKnownOptions } from '../contract/validate-options.ts';
import { type CheckDeploymentOptions, checkDeployment } from '../guards/check-deployment.ts';
import { PromisedSessionCache } from './promised-session-cache.ts';
import { type Choice, type Environment, readChoice } from './read-choice.ts';
import type { BackendSettings, MadeBackends, SessionBackends } from './session-backends.ts';

export interface CreateSessionCacheOptions {
  /** What the names of the variables begin with: `APP` for `APP_SESSION_CACHE`. */
  readonly prefix: string;
  /**
   * Apart from which other installations, on the same server or machine, this one keeps what it keeps: the prefix of its keys, the end of its schema's name. 1 to 30 lower-case
   * letters, digits and `_`, a letter first; `prefix` in lower case by default. All processes of one installation pass the same.
   */
  readonly name?: string | undefined;
  /** The environment; `process.env` by default. */
  readonly env?: Environment | undefined;
  /** The SQLite file where `<PREFIX>_DATABASE_URL` names none: `onehost.db` in the working directory by default. The folder must exist. */
  readonly databaseFile?: string | undefined;
  /** What the app says of itself to whoever finds it holding a lease; nothing by default. */
  readonly appVersion?: string | undefined;
  /**
   * Is handed the error of an unsafe deployment, in place of its being thrown. For an app that wants sessions in the memory of several
   * processes all the same, and knows what that means.
   */
  readonly onUnsafeDeployment?: ((error: UnsafeDeploymentError) => void) | undefined;
  /** Hears of a lost connection to a server, which is made again by itself; nobody by default. What could not be done meanwhile throws where it was called. */
  readonly onError?: ((error: unknown) => unknown) | undefined;
  /** Where the time comes from; the machine's clocks by default. */
  readonly clock?: Clock | undefined;
}

const LONGEST_NAME = 30;

const OPTIONS = [
  'prefix',
  'name',
  'env',
  'databaseFile',
  'appVersion',
  'onUnsafeDeployment',
  'onError',
  'clock',
];

/**
 * Sessions, leases and the ledger of jobs where the environment says, so that the app is moved from a file to a server by a setting and not by its code:
 *
 * - `<PREFIX>_SESSION_CACHE`: `database` (an SQLite file), `memory` (of each process), `shared-memory` (of the host), `redis`, `postgres` or `none`;
 * - `<PREFIX>_REDIS_URL`: `redis://` or `rediss://`; set alone, it chooses `redis`;
 * - `<PREFIX>_DATABASE_URL`: `postgres://`, which chooses `postgres` when it is set alone, or the path of an SQLite file;
 * - `<PREFIX>_WORKERS`: how many processes the app runs as, for `checkDeployment`, which is called here.
 *
 * With none of them it is an SQLite file. `memory`, `shared-memory` and `none` have their leases and jobs in the SQLite file; `redis` and `postgres` have
 * them in the server. What is not chosen is not loaded, and need not be installed. Call it in each process.
 *
 * `sessions` answers with promises wherever it is: see {@link PromisedSessionCache}. Of `leases` and `ledger`, too, `await` every call: on a server they answer with promises.
 *
 * @throws InvalidSettingError; it lists what is allowed.
 * @throws PeerMissingError; it names the package and the command that installs it.
 * @throws UnsafeDeploymentError, InvalidWorkersError, InvalidOptionError, and what opening the chosen place throws.
 */
export async function createSessionCache<S extends Session = Session>(
  options: CreateSessionCacheOptions,
): Promise<SessionBackends<S>> {
  assertKnownOptions('createSessionCache', options, OPTIONS);
  const { prefix, env = process.env, databaseFile = 'onehost.db' } = options;
  const choice = readChoice(prefix, env, databaseFile);
  const { clock = systemClock, appVersion } = options;
  const onError = harmless(options.onError ?? (() => {}));
  const name = readName(options.name ?? prefix.toLowerCase());
  const made = await make<S>(choice, { name, clock, appVersion, onError });
  const backends = closingInOrder(choice, made);
  const deployment = { cache: backends.sessions, env, workersVariable: `${prefix}_WORKERS` };
  try {
    assertSafe(deployment, options.onUnsafeDeployment);
  } catch (error) {
    await backends.close();
    throw error;
  }
  return backends;
}

/** What it throws would break the client that calls it, and what it rejects with would end the process. */
function harmless(onError: (error: unknown) => unknown): (error: unknown) => Promise<void> {
  return async (error) => {
    try {
      await onError(error);
    } catch (thrown) {
      console.error('onError of createSessionCache:', thrown);
    }
  };
}

/** Or wanted all the same; what `onUnsafeDeployment` throws is thrown. */
function assertSafe(
  deployment: CheckDeploymentOptions,
  onUnsafeDeployment: CreateSessionCacheOptions['onUnsafeDeployment'],
): void {
  try {
    checkDeployment(deployment);
  } catch (error) {
    if (!(error instanceof UnsafeDeploymentError) || onUnsafeDeployment === undefined) throw error;
    onUnsafeDeployment(error);
  }
}

function readName(name: unknown): string {
  if (typeof name === 'string' && /^[a-z][a-z0-9_]*$/.test(name) && name.length <= LONGEST_NAME) {
    return name;
  }
  throw new InvalidOptionError(
    `The name of createSessionCache must be 1 to ${LONGEST_NAME} lower-case letters, digits and underscores, a letter first, but found ${typeof name === 'string' ? JSON.stringify(name) : describeType(name)}. Without a name it is the prefix in lower case.`,
  );
}

/** Each loads what it needs by itself, so that nobody waits for what was not chosen. */
async function make<S extends Session>(
  choice: Choice,
  settings: BackendSettings,
): Promise<MadeBackends<S>> {
  switch (choice.kind) {
    case 'redis': {
      const { makeInRedis } = await import('./in-redis.ts');
      return makeInRedis<S>(choice.url, settings);
    }
    case 'postgres': {
      const { makeInPostgres } = await import('./in-postgres.ts');
      return makeInPostgres<S>(choice.url, settings);
    }
    default: {
      const { makeInFile } = await import('./in-file.ts');
      return makeInFile<S>(choice, settings);
    }
  }
}

function closingInOrder<S extends Session>(
  { kind }: Choice,
  { sessions: cache, leases, ledger, closing }: MadeBackends<S>,
): SessionBackends<S> {
  const sessions = new PromisedSessionCache(cache);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= endAll(closing.toReversed());
    return closed;
  };
  return { kind, sessions, leases, ledger, close, [Symbol.asyncDispose]: close };
}

/** All of them, also when one fails; then it throws what failed first. */
async function endAll(ends: readonly (() => PromiseLike<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const end of ends) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
