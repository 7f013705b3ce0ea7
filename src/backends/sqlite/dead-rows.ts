import type { Database } from 'better-sqlite3';
import { type Kysely, sql } from 'kysely';
import type { OnehostSchema } from './schema.ts';
import { current } from './session-generation.ts';
import { prepare, type StatementText, statement } from './statement.ts';

/** The first in the index by expiry, since their generation is the lowest. */
export const deleteLeftBehind: StatementText<{ limit: number }, unknown> = statement<{
  limit: number;
}>()((db, param) =>
  deleteChosen(db, rowKeys(db).where('generation', '<', current).limit(param('limit'))),
);

const selectLeftBehind = statement()((db) =>
  db
    .selectFrom('onehost_sessions')
    .select('generation')
    .where('generation', '<', current)
    .limit(sql.lit(1)),
);

export const deleteExpired: StatementText<{ now: number; limit: number }, unknown> = statement<{
  now: number;
  limit: number;
}>()((db, param) =>
  deleteChosen(
    db,
    rowKeys(db)
      .where('generation', '=', current)
      .where('expires_at', '<=', param('now'))
      .orderBy('expires_at')
      .limit(param('limit')),
  ),
);

const selectExpired = statement<{ now: number }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select('expires_at')
    .where('generation', '=', current)
    .where('expires_at', '<=', param('now'))
    .limit(sql.lit(1)),
);

type RowKeys = ReturnType<typeof rowKeys>;

function rowKeys(db: Kysely<OnehostSchema>) {
  return db.selectFrom('onehost_sessions').select('token_key');
}

/** By a list of keys, since a DELETE of SQLite's takes no LIMIT unless it was compiled for that. */
function deleteChosen(db: Kysely<OnehostSchema>, chosen: RowKeys) {
  return db.deleteFrom('onehost_sessions').where('token_key', 'in', chosen);
}

/**
 * The rows of `onehost_sessions` that nobody is given any more, and that are still to be removed: those that a clear has left
 * behind, and those that have expired.
 */
export class DeadRows {
  readonly #deleteLeftBehind;
  readonly #selectLeftBehind;
  readonly #deleteExpired;
  readonly #selectExpired;

  constructor(connection: Database) {
    this.#deleteLeftBehind = prepare(connection, deleteLeftBehind);
    this.#selectLeftBehind = prepare(connection, selectLeftBehind);
    this.#deleteExpired = prepare(connection, deleteExpired);
    this.#selectExpired = prepare(connection, selectExpired);
  }

  /** Costs a tenth of a deletion that finds nothing. */
  any(now: number): boolean {
    return (
      this.#selectLeftBehind.get({}) !== undefined || this.#selectExpired.get({ now }) !== undefined
    );
  }

  /** How many were deleted, at most `limit`. */
  delete(now: number, limit: number): number {
    const leftBehind = this.#deleteLeftBehind.run({ limit }).changes;
    if (leftBehind === limit) return leftBehind;
    return leftBehind + this.#deleteExpired.run({ now, limit: limit - leftBehind }).changes;
  }
}
