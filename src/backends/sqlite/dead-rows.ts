import type { Database } from 'better-sqlite3';
import { sql } from 'kysely';
import { current } from './session-generation.ts';
import { prepare, statement } from './statement.ts';

const deleteLeftBehind = statement<{ limit: number }>()((db, param) =>
  db
    .deleteFrom('onehost_sessions')
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('generation', 'token_hash'),
        'in',
        selectFrom('onehost_sessions')
          .select(['generation', 'token_hash'])
          .where('generation', '<', current)
          .limit(param('limit'))
          .$asTuple('generation', 'token_hash'),
      ),
    ),
);

const selectLeftBehind = statement()((db) =>
  db
    .selectFrom('onehost_sessions')
    .select('generation')
    .where('generation', '<', current)
    .limit(sql.lit(1)),
);

const deleteExpired = statement<{ now: number; limit: number }>()((db, param) =>
  db
    .deleteFrom('onehost_sessions')
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('generation', 'token_hash'),
        'in',
        selectFrom('onehost_sessions')
          .select(['generation', 'token_hash'])
          .where('expires_at', '<=', param('now'))
          .orderBy('expires_at')
          .limit(param('limit'))
          .$asTuple('generation', 'token_hash'),
      ),
    ),
);

const selectExpired = statement<{ now: number }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select('expires_at')
    .where('expires_at', '<=', param('now'))
    .limit(sql.lit(1)),
);

/** With the payload, since to delete a row is also to free the pages that a long one goes on to. */
const columns = ['user_id as userId', 'expires_at as expiresAt', 'payload'] as const;

const readLeftBehind = statement<{ limit: number }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select(columns)
    .where('generation', '<', current)
    .limit(param('limit')),
);

const readExpired = statement<{ now: number; limit: number }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select(columns)
    .where('expires_at', '<=', param('now'))
    .orderBy('expires_at')
    .limit(param('limit')),
);

const readInUserIndex = statement<{ userId: string; expiresAt: number }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select('token_hash')
    .where('user_id', '=', param('userId'))
    .where('expires_at', '=', param('expiresAt')),
);

const readInExpiryIndex = statement<{ expiresAt: number }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select('token_hash')
    .where('expires_at', '=', param('expiresAt'))
    .limit(sql.lit(1)),
);

/**
 * The rows of `onehost_sessions` that nobody is given any more, and that are still to be removed: those that a clear has left
 * behind, and those that have expired.
 */
export class DeadRows {
  readonly #deleteLeftBehind;
  readonly #selectLeftBehind;
  readonly #deleteExpired;
  readonly #selectExpired;
  readonly #readLeftBehind;
  readonly #readExpired;
  readonly #readInUserIndex;
  readonly #readInExpiryIndex;

  constructor(connection: Database) {
    this.#deleteLeftBehind = prepare(connection, deleteLeftBehind);
    this.#selectLeftBehind = prepare(connection, selectLeftBehind);
    this.#deleteExpired = prepare(connection, deleteExpired);
    this.#selectExpired = prepare(connection, selectExpired);
    this.#readLeftBehind = prepare(connection, readLeftBehind);
    this.#readExpired = prepare(connection, readExpired);
    this.#readInUserIndex = prepare(connection, readInUserIndex);
    this.#readInExpiryIndex = prepare(connection, readInExpiryIndex);
  }

  /** Costs a tenth of a deletion that finds nothing. */
  any(now: number): boolean {
    return (
      this.#selectLeftBehind.get({}) !== undefined || this.#selectExpired.get({ now }) !== undefined
    );
  }

  /**
   * Reads the pages that {@link delete} will change, so that it finds them in memory. Before the write lock is taken, that is:
   * it is then held for half as long, and where the file is larger than the memory, not while the disk is read.
   */
  readAhead(now: number, limit: number): void {
    const leftBehind = this.#readLeftBehind.all({ limit });
    const expired = this.#readExpired.all({ now, limit: limit - leftBehind.length });
    for (const { userId, expiresAt } of [...leftBehind, ...expired]) {
      this.#readInUserIndex.get({ userId, expiresAt });
    }
    for (const { expiresAt } of leftBehind) this.#readInExpiryIndex.get({ expiresAt });
  }

  /** How many were deleted, at most `limit`. */
  delete(now: number, limit: number): number {
    const leftBehind = this.#deleteLeftBehind.run({ limit }).changes;
    if (leftBehind === limit) return leftBehind;
    return leftBehind + this.#deleteExpired.run({ now, limit: limit - leftBehind }).changes;
  }
}
