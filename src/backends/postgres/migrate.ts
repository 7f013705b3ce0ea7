import { Kysely, type Migration, Migrator, sql } from 'kysely';
import { MigrationFailedError, SchemaTooNewError } from '../../contract/errors/index.ts';
import { ShippedMigrations } from '../../files/shipped-migrations.ts';
import { OneSchemaDialect } from './one-schema-dialect.ts';
import { quoted } from './onehost-postgres.ts';
import type { PostgresClient } from './postgres-pool.ts';

/** The same from src and from dist, which mirrors it. */
const shipped = new ShippedMigrations(new URL('../../../migrations/postgres/', import.meta.url));
const TABLE = 'migrations';

/**
 * Brings the schema to what this version needs; does nothing, and needs no right to, where it is already.
 *
 * Of processes that start at once one does it, in one transaction: an advisory lock is taken before anything is looked for, since
 * `create schema if not exists` of two at once may fail, and Kysely's Migrator makes its own tables before it takes its lock.
 *
 * @throws SchemaTooNewError, MigrationFailedError; nothing was changed.
 */
export async function migrate(client: PostgresClient, schema: string): Promise<void> {
  const db = new Kysely<unknown>({
    dialect: new OneSchemaDialect(schema, {
      pool: {
        connect: async () => ({
          query: (text: string, values: unknown[]) => client.query({ text, values }),
          release: () => {},
        }),
        end: async () => {},
      } as never,
    }),
  });
  if (await isUpToDate(db, schema)) return;
  // Read committed: who waited for the lock sees what the one before has done. By hand, since Kysely's Migrator takes no
  // transaction of Kysely; all of `db` is this one connection.
  await client.query('begin isolation level read committed');
  try {
    // Another process may be migrating for longer than a statement of the app's may take; whoever opens has a deadline of its own.
    await client.query('set local statement_timeout = 0');
    await client.query('set local lock_timeout = 0');
    const lock = `onehost migrations of ${schema}`;
    await sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`.execute(db);
    if (!(await isUpToDate(db, schema))) await migrateUnderLock(db, schema);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function migrateUnderLock(db: Kysely<unknown>, schema: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => shippedMigrations(schema) },
    migrationTableSchema: schema,
    migrationTableName: TABLE,
    migrationLockTableName: `${TABLE}_lock`,
    // The caller's transaction is around all of it.
    disableTransactions: true,
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName;
    throw new MigrationFailedError(
      `The migration ${failed ?? 'of the schema'} failed in the schema "${schema}", and everything was undone: ` +
        `${error instanceof Error ? error.message : String(error)}. ` +
        'Look whether the schema holds tables that are not of onehost, and whether the role may create in the database.',
      { cause: error },
    );
  }
}

/** @throws SchemaTooNewError */
async function isUpToDate(db: Kysely<unknown>, schema: string): Promise<boolean> {
  const known = shipped.names;
  const done = await doneMigrations(db, schema);
  const unknown = done.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new SchemaTooNewError(
      `The schema "${schema}" was migrated by a newer version of onehost: it has ${unknown.join(', ')}, ` +
        `and this version knows migrations up to ${known.at(-1)}. It was left as it is. ` +
        'Install the newer version again, or restore the database from before the upgrade.',
    );
  }
  return known.every((name) => done.includes(name));
}

async function doneMigrations(db: Kysely<unknown>, schema: string): Promise<string[]> {
  const table = `${quoted(schema)}.${TABLE}`;
  const found = await sql<{
    isThere: boolean;
  }>`select to_regclass(${table}) is not null as "isThere"`.execute(db);
  if (found.rows[0]?.isThere !== true) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.raw(table)}`.execute(db);
  return rows.map(({ name }) => name);
}

function shippedMigrations(schema: string): Record<string, Migration> {
  return Object.fromEntries(
    [...shipped.texts].map(([name, text]) => [
      name,
      {
        up: async (db: Kysely<unknown>) => {
          // Without parameters, so that it may hold any number of statements.
          await sql.raw(text.replaceAll(/(?<!:):schema\b/g, quoted(schema))).execute(db);
        },
      },
    ]),
  );
}
