import type { Database } from 'better-sqlite3';
import { Kysely, type Migration, Migrator, SqliteDialect } from 'kysely';
import { MigrationFailedError, SchemaTooNewError } from '../../contract/errors/index.ts';
import { ShippedMigrations } from '../../files/shipped-migrations.ts';

/** The same from src and from dist, which mirrors it. */
const shipped = new ShippedMigrations(new URL('../../../migrations/sqlite/', import.meta.url));
const TABLE = 'onehost_migrations';

/** What is left to do to a file. */
export interface MigrationState {
  /** Whether it has none of onehost's tables yet. */
  readonly isNew: boolean;
  /** The names of the migrations it lacks. */
  readonly pending: readonly string[];
}

/**
 * Compares the file with the migrations that this version ships.
 *
 * @throws SchemaTooNewError when the file has one that this version does not know.
 */
export function migrationState(connection: Database, file: string): MigrationState {
  const known = shipped.names;
  const done = doneMigrations(connection);
  const unknown = done.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new SchemaTooNewError(
      `${file} was migrated by a newer version of onehost: it has ${unknown.join(', ')}, ` +
        `and this version knows migrations up to ${known.at(-1)}. It was left as it is. ` +
        'Install the newer version again, or restore the copy of the file from before the upgrade.',
    );
  }
  return { isNew: done.length === 0, pending: known.filter((name) => !done.includes(name)) };
}

/**
 * Runs the pending migrations. To be called inside an exclusive transaction: Kysely's Migrator takes no
 * lock on SQLite, so that two processes would both find a migration pending and both run it.
 *
 * @throws MigrationFailedError with the failure as its `cause`; the caller undoes the transaction.
 */
export async function migrate(connection: Database, file: string): Promise<void> {
  const migrator = new Migrator({
    // Never destroyed: that would close the connection, which is not its own.
    db: new Kysely<unknown>({ dialect: new SqliteDialect({ database: connection }) }),
    provider: { getMigrations: async () => shippedMigrations(connection) },
    migrationTableName: TABLE,
    migrationLockTableName: `${TABLE}_lock`,
    // The caller's transaction is around all of it.
    disableTransactions: true,
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName;
    throw new MigrationFailedError(
      `The migration ${failed ?? 'of the schema'} failed on ${file}, and everything was undone: ` +
        `${error instanceof Error ? error.message : String(error)}. ` +
        'If the file also holds tables of the app, look for one whose name begins with "onehost_".',
      { cause: error },
    );
  }
}

function shippedMigrations(connection: Database): Record<string, Migration> {
  return Object.fromEntries(
    [...shipped.texts].map(([name, text]) => [
      name,
      {
        up: async () => {
          connection.exec(text);
        },
      },
    ]),
  );
}

function doneMigrations(connection: Database): string[] {
  const table = connection.prepare("select 1 from sqlite_schema where type = 'table' and name = ?");
  if (table.get(TABLE) === undefined) return [];
  return connection.prepare<[], string>(`select name from ${TABLE} order by name`).pluck().all();
}
