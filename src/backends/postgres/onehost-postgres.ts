import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely';
import type { Clock } from '../../contract/clock.ts';
import { InvalidOptionError } from '../../contract/errors/index.ts';
import { describeType } from '../../contract/validate-arguments.ts';
import { Calls } from './calls.ts';
import type { PostgresPool } from './postgres-pool.ts';
import { ReleaseNotices } from './release-notices.ts';
import type { PostgresSchema } from './schema.ts';
import type { Unavailable } from './translate-error.ts';

/** Builds and types statements; nothing can be executed with it. */
const builder = new Kysely<PostgresSchema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/**
 * The schema of onehost in a PostgreSQL database. `openPostgres` makes it; `PostgresSessionCache`, `PostgresLeaseStore` and
 * `PostgresJobLedger` are built on it. The pool stays the app's.
 */
export class OnehostPostgres implements AsyncDisposable {
  readonly schema: string;
  /** @internal */
  readonly pool: PostgresPool;
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly quotedSchema: string;
  /** Builds statements on the tables of the schema. @internal */
  readonly tables: Kysely<PostgresSchema>;
  /** The server's clock, in a statement. @internal */
  readonly now: RawBuilder<number>;
  /** `null` where they are not listened for. @internal */
  readonly notices: ReleaseNotices | null;
  readonly #prepares: boolean;
  readonly #beforeClose = new Set<() => Promise<void>>();

  /** @internal */
  constructor(
    pool: PostgresPool,
    options: {
      readonly schema: string;
      readonly clock: Clock;
      readonly prepares: boolean;
      readonly listens: boolean;
    },
  ) {
    this.pool = pool;
    this.schema = options.schema;
    this.quotedSchema = quoted(options.schema);
    this.clock = options.clock;
    this.#prepares = options.prepares;
    this.tables = builder.withSchema(options.schema);
    this.now = sql<number>`${sql.raw(this.quotedSchema)}.now_ms()`;
    this.notices = options.listens ? new ReleaseNotices(this) : null;
  }

  /**
   * Closes the lease stores built on it, which releases their leases, and gives back the connection on which releases are listened
   * for. The pool goes on: end it afterwards. Calling it again does nothing.
   */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#beforeClose) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#beforeClose.clear();
    this.notices?.close();
    if (failures.length > 0) throw failures[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  beforeClose(end: () => Promise<void>): () => void {
    this.#beforeClose.add(end);
    return () => this.#beforeClose.delete(end);
  }

  /** @internal */
  calls(unavailable: Unavailable): Calls {
    return new Calls(
      this.pool,
      { quotedSchema: this.quotedSchema, prepares: this.#prepares },
      unavailable,
    );
  }
}

/** @param schema one that {@link openPostgres} takes: without a quote in it. */
export function quoted(schema: string): string {
  return `"${schema}"`;
}

/** @throws InvalidOptionError unless `database` is what `openPostgres` gives. */
export function assertPostgres(of: string, database: unknown): asserts database is OnehostPostgres {
  if (!(database instanceof OnehostPostgres)) {
    throw new InvalidOptionError(
      `${of} needs what openPostgres gives, but found ${database instanceof Promise ? 'a promise of it' : describeType(database)}. ` +
        `Write: new ${of}(await openPostgres(pool)).`,
    );
  }
}
