import type { Database, Statement as SqliteStatement } from 'better-sqlite3';
import {
  type Compilable,
  DummyDriver,
  Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import { retryWhileLocked } from './lock-wait.ts';
import type { OnehostSchema } from './schema.ts';

/** Builds and types statements; it has no connection, and nothing can be executed with it. */
const builder = new Kysely<OnehostSchema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

/** A named parameter, of the type that the statement declares for it. */
export type Param<P> = <Name extends keyof P & string>(name: Name) => RawBuilder<P[Name]>;

/** A statement before it has met a connection: its text, and the types of what goes in and comes out. */
export interface StatementText<P extends object, Row> {
  readonly sql: string;
  /** Types alone; there is never a value. */
  readonly types?: (params: P) => Row;
}

/**
 * A statement built and typed by Kysely, compiled once.
 *
 * Kysely's own SQLite driver is not used to execute: it prepares each query anew, which costs more than
 * most of these statements do, and it begins transactions DEFERRED, which fail with SQLITE_BUSY when
 * they turn to writing (kysely#1152).
 *
 * Parameters are named: `param('tokenHash')`. A literal value in a query is a mistake and throws here.
 */
export function statement<P extends object = Record<never, never>>() {
  return <Row>(
    build: (db: Kysely<OnehostSchema>, param: Param<P>) => Compilable<Row>,
  ): StatementText<P, Row> => {
    const compiled = build(builder, (name) => sql.raw(`@${name}`)).compile();
    if (compiled.parameters.length > 0) {
      throw new TypeError(
        `A statement has ${compiled.parameters.length} values without a name, but each must be a param(...): ${compiled.sql}`,
      );
    }
    return { sql: compiled.sql };
  };
}

const PREPARE_SECONDS = 5;

/** A {@link StatementText} prepared on a connection. */
export type Prepared<P extends object, Row> = SqliteStatement<[P], Row>;

export function prepare<P extends object, Row>(
  connection: Database,
  text: StatementText<P, Row>,
): Prepared<P, Row> {
  // Reads the schema of the file, which is locked as ever so briefly as its rows.
  return retryWhileLocked(() => connection.prepare<[P], Row>(text.sql), PREPARE_SECONDS);
}
