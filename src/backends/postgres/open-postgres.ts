import { type Clock, systemClock } from '../../contract/clock.ts';
import {
  CacheUnavailableError,
  InvalidOptionError,
  ServerUnsuitableError,
} from '../../contract/errors/index.ts';
import { describeType } from '../../contract/validate-arguments.ts';
import { assertHasMethod, assertKnownOptions } from '../../contract/validate-options.ts';
import { withinDeadline } from '../../deadlines/within-deadline.ts';
import { checkOut } from './checkout.ts';
import { migrate } from './migrate.ts';
import { OnehostPostgres } from './onehost-postgres.ts';
import type { PostgresClient, PostgresPool } from './postgres-pool.ts';
import { translateError, type Unavailable } from './translate-error.ts';

export interface OpenPostgresOptions {
  /**
   * The schema of the database that everything is kept in, `onehost` by default; made if it is not there. Lower-case letters, digits and `_`, at
   * most 40, a letter first. Two apps that share a database use two.
   */
  readonly schema?: string | undefined;
  /**
   * Whether the statements of the session cache are prepared once per connection; `true` by default. `false` for a pooler between that does not keep
   * a client on one connection and knows no prepared statements (PgBouncer before 1.21 in transaction mode).
   */
  readonly prepareStatements?: boolean | undefined;
  /**
   * Whether a standby that waits for a lease keeps one connection to hear at once of its release (LISTEN); `true` by default. `false` behind a
   * pooler in transaction mode, which does not pass notices on: it looks ten times a second then, instead of twice.
   */
  readonly listen?: boolean | undefined;
  /** By which terms are measured here, and deadlines kept; the machine's by default. The server goes by its own. */
  readonly clock?: Clock | undefined;
}

const OPTIONS = ['schema', 'prepareStatements', 'listen', 'clock'];

/** 15: the oldest that its tests run on. */
const OLDEST_VERSION = 150_000;

/** For all of it: sixteen processes that start at once wait for the one that makes the schema. */
const OPEN_SECONDS = 30;

/**
 * Looks whether the server is fit for it, and makes or migrates the schema. Many processes may do so at once.
 *
 * The pool belongs to the app, which ends it. It needs at least two connections, a `connectionTimeoutMillis`, and a `statement_timeout`, without which
 * a statement could wait on the server for ever:
 *
 * ```ts
 * const pool = new Pool({ connectionString, max: 10, connectionTimeoutMillis: 2_000, statement_timeout: 10_000 });
 * pool.on('error', (error) => console.error('postgres:', error));
 * const postgres = await openPostgres(pool);
 * ```
 *
 * @throws InvalidOptionError
 * @throws ServerUnsuitableError for a standby, a server before PostgreSQL 15, another encoding than UTF8, another isolation level than `read committed`, or no
 * `statement_timeout`.
 * @throws SchemaTooNewError, MigrationFailedError
 * @throws CacheUnavailableError when the server cannot be asked.
 */
export async function openPostgres(
  pool: PostgresPool | { readonly pool: PostgresPool },
  options: OpenPostgresOptions = {},
): Promise<OnehostPostgres> {
  assertKnownOptions('openPostgres', options, OPTIONS);
  const { prepareStatements = true, listen = true, clock = systemClock } = options;
  const schema = readSchema(options.schema);
  const own = typeof pool === 'object' && pool !== null && 'pool' in pool ? pool.pool : pool;
  assertPool(own, listen);
  await withinDeadline(
    clock,
    OPEN_SECONDS,
    (signal) => prepareServer(own, schema, signal),
    () =>
      unavailable(
        `PostgreSQL did not answer within ${OPEN_SECONDS} s. Look whether it runs.`,
        null,
      ),
  );
  return new OnehostPostgres(own, {
    schema,
    clock,
    prepares: prepareStatements,
    listens: listen,
  });
}

const unavailable: Unavailable = (message, cause) => new CacheUnavailableError(message, { cause });

async function prepareServer(
  pool: PostgresPool,
  schema: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const checkout = await checkOut(pool, signal);
    try {
      await assertSuitable(checkout.client);
      await migrate(checkout.client, schema);
    } finally {
      checkout.end();
    }
  } catch (error) {
    throw translateError(error, unavailable);
  }
}

interface ServerFacts {
  readonly version: string;
  readonly isStandby: boolean;
  readonly encoding: string;
  readonly isolation: string;
  readonly statementTimeout: string;
}

/** @throws ServerUnsuitableError */
async function assertSuitable(client: PostgresClient): Promise<void> {
  const { rows } = await client.query({
    text: `select current_setting('server_version_num') as version, pg_is_in_recovery() as "isStandby", current_setting('server_encoding') as encoding,
      current_setting('default_transaction_isolation') as isolation, current_setting('statement_timeout') as "statementTimeout"`,
  });
  const facts = rows[0] as ServerFacts;
  if (Number(facts.version) < OLDEST_VERSION) {
    throw new ServerUnsuitableError(
      `PostgreSQL ${Number(facts.version) / 10_000} was found, and onehost needs 15 or newer. Nothing was written.`,
    );
  }
  if (facts.isStandby) {
    throw new ServerUnsuitableError(
      'This is a standby, and what it answers may be out of date. Nothing was written. Connect to the primary.',
    );
  }
  // SQL_ASCII is none, and keeps what it is given.
  if (!['UTF8', 'SQL_ASCII'].includes(facts.encoding)) {
    throw new ServerUnsuitableError(
      `The encoding of this database is ${facts.encoding}, and onehost needs UTF8: a session with a character that is not in it could not be kept. ` +
        "Nothing was written. Make a database for it: create database ... encoding 'UTF8' template template0.",
    );
  }
  if (facts.isolation !== 'read committed') {
    throw new ServerUnsuitableError(
      `default_transaction_isolation is "${facts.isolation}" on these connections, and onehost needs "read committed": with another one a change ` +
        'that was committed during a wait would go unseen. Nothing was written. Give onehost a pool of its own.',
    );
  }
  if (facts.statementTimeout === '0') {
    throw new ServerUnsuitableError(
      'statement_timeout is 0 on these connections: a statement that waits for a table lock would stay on the server for ever, and so would all after it. ' +
        "Nothing was written. Make the pool with statement_timeout: 10_000, or set it for the role: alter role ... set statement_timeout = '10s'.",
    );
  }
}

/** @throws InvalidOptionError */
function assertPool(pool: unknown, listen: boolean): asserts pool is PostgresPool {
  const remedy =
    'Write: openPostgres(new Pool({ connectionString, connectionTimeoutMillis: 2_000, statement_timeout: 10_000 })).';
  assertHasMethod('pool', pool, { method: 'connect', what: 'a Pool of pg', remedy });
  const { max, connectionTimeoutMillis } = (pool as unknown as PostgresPool).options ?? {};
  const least = listen ? 3 : 2;
  if (max !== undefined && max < least) {
    throw new InvalidOptionError(
      `The pool must have at least ${least} connections, but found a max of ${max}: a lease is renewed on one while a transaction goes on on another` +
        `${listen ? ', and a standby listens on a third. Make it larger, or pass listen: false.' : '.'}`,
    );
  }
  if ((pool as PostgresPool).options !== undefined && !connectionTimeoutMillis) {
    throw new InvalidOptionError(
      `The pool has no connectionTimeoutMillis: while the server hangs, calls would queue up in it without end. ${remedy}`,
    );
  }
}

/** @throws InvalidOptionError */
function readSchema(schema: unknown = 'onehost'): string {
  if (typeof schema === 'string' && /^[a-z][a-z0-9_]{0,39}$/.test(schema)) return schema;
  const found = typeof schema === 'string' ? `"${schema}"` : describeType(schema);
  throw new InvalidOptionError(
    `schema must be a name of lower-case letters, digits and _, at most 40, a letter first, but found ${found}.`,
  );
}
