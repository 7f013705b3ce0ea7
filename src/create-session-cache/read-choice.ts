import { InvalidOptionError, InvalidSettingError } from '../contract/errors/index.ts';
import { describeType } from '../contract/validate-arguments.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where sessions can be kept, as `<PREFIX>_SESSION_CACHE` names it. */
const KINDS = ['memory', 'database', 'shared-memory', 'redis', 'postgres', 'none'] as const;
export type SessionCacheKind = (typeof KINDS)[number];

const VARIABLES = ['SESSION_CACHE', 'REDIS_URL', 'DATABASE_URL', 'WORKERS'];

/** What the environment says. `file` is the SQLite file, which leases and jobs are in where sessions are not in a server. */
export type Choice =
  | { readonly kind: 'memory' | 'database' | 'shared-memory' | 'none'; readonly file: string }
  | { readonly kind: 'redis' | 'postgres'; readonly url: string };

/** @throws InvalidSettingError, InvalidOptionError */
export function readChoice(prefix: string, env: Environment, defaultFile: string): Choice {
  assertPrefix(prefix);
  const settings = new Settings(prefix, env);
  const kind = settings.kind;
  switch (kind) {
    case 'redis':
      return { kind, url: settings.redisUrl };
    case 'postgres':
      return { kind, url: settings.postgresUrl };
    case 'database':
      return { kind, file: settings.file ?? defaultFile };
    default:
      // A server that is named for the app's own tables has no say here.
      return { kind, file: settings.namesPostgres ? defaultFile : (settings.file ?? defaultFile) };
  }
}

class Settings {
  readonly #kindName: string;
  readonly #redisName: string;
  readonly #databaseName: string;
  readonly #kind: string | undefined;
  readonly #redis: string | undefined;
  readonly #database: string | undefined;

  constructor(prefix: string, env: Environment) {
    assertNoOtherCase(prefix, env);
    this.#kindName = `${prefix}_SESSION_CACHE`;
    this.#redisName = `${prefix}_REDIS_URL`;
    this.#databaseName = `${prefix}_DATABASE_URL`;
    // Set to nothing is not set: that is how a compose file or a unit takes a default back.
    this.#kind = env[this.#kindName] || undefined;
    this.#redis = env[this.#redisName] || undefined;
    this.#database = env[this.#databaseName] || undefined;
  }

  get kind(): SessionCacheKind {
    if (this.#kind !== undefined) {
      const known = KINDS.find((kind) => kind === this.#kind);
      if (known !== undefined) return known;
      throw new InvalidSettingError(
        `${this.#kindName} must be ${listed(KINDS)}, or unset, but is ${JSON.stringify(this.#kind)}.`,
      );
    }
    if (this.#redis === undefined) return this.namesPostgres ? 'postgres' : 'database';
    if (!this.namesPostgres) return 'redis';
    throw new InvalidSettingError(
      `${this.#redisName} and ${this.#databaseName} name a server each. Set ${this.#kindName} to "redis" or "postgres", to say which of them keeps the sessions.`,
    );
  }

  get namesPostgres(): boolean {
    return this.#database !== undefined && /^postgres(ql)?:\/\//.test(this.#database);
  }

  get redisUrl(): string {
    const url = this.#redis;
    if (url !== undefined && /^rediss?:\/\//.test(url) && isForRedis(url)) return url;
    throw new InvalidSettingError(
      `${this.#redisName} must be a URL such as redis://host:6379 or rediss://user:password@host:6379/0, where the path is the number of a database${ENCODING}, but is ${shown(url)}.`,
    );
  }

  get postgresUrl(): string {
    const url = this.#database;
    // `@/` stands before the name of a database where `?host=` names the folder of a Unix socket.
    const isOne = url !== undefined && this.namesPostgres && !url.includes('#');
    if (isOne && URL.canParse(url.replace('@/', '@host/'))) return url;
    throw new InvalidSettingError(
      `${this.#databaseName} must be a URL such as postgres://user:password@host/database where ${this.#kindName} is "postgres"${ENCODING}, but is ${shown(url)}.`,
    );
  }

  /** The path of the SQLite file, if one is named. */
  get file(): string | undefined {
    const place = this.#database;
    // A drive of Windows has one letter.
    if (place === undefined || !/^[^/\\:]{2,}:/.test(place)) return place;
    throw new InvalidSettingError(
      this.namesPostgres
        ? `${this.#kindName} is "database", which is an SQLite file, but ${this.#databaseName} names a PostgreSQL server. Set ${this.#kindName} to "postgres", or ${this.#databaseName} to the path of a file.`
        : `${this.#databaseName} must be the path of an SQLite file, or a URL that begins with postgres://, but is ${shown(place)}.`,
    );
  }
}

function assertPrefix(prefix: unknown): void {
  if (typeof prefix === 'string' && /^[A-Za-z](\w*[A-Za-z0-9])?$/.test(prefix)) return;
  throw new InvalidOptionError(
    `createSessionCache needs a prefix of letters, digits and underscores, without the last underscore, such as "APP" for APP_SESSION_CACHE, but found ${typeof prefix === 'string' ? JSON.stringify(prefix) : describeType(prefix)}.`,
  );
}

/** What was meant for this cache, and would not be read: the app would keep its sessions elsewhere than its operator believes. */
function assertNoOtherCase(prefix: string, env: Environment): void {
  const names = VARIABLES.map((name) => `${prefix}_${name}`);
  for (const [found, value] of Object.entries(env)) {
    const meant = names.find((name) => name.toLowerCase() === found.toLowerCase());
    if (!value || meant === undefined || meant === found || env[meant]) continue;
    throw new InvalidSettingError(
      `${found} is set, but with the prefix "${prefix}" it is ${meant} that is read. Rename it, or pass the prefix as the variables have it.`,
    );
  }
}

const ENCODING = ' (in a password, write # as %23, % as %25, / as %2F, ? as %3F, @ as %40)';

/** What the client would not take otherwise, and throw an error that does not say of which variable. */
function isForRedis(url: string): boolean {
  try {
    const { username, password, pathname, hash } = new URL(url);
    decodeURIComponent(username + password);
    return /^\/?\d*$/.test(pathname) && hash === '';
  } catch {
    return false;
  }
}

function listed(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

/** Without what may be a password. */
function shown(value: string | undefined): string {
  if (value === undefined) return 'not set';
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(value)?.[0];
  return scheme === undefined ? 'something else' : `something that begins with "${scheme}"`;
}
