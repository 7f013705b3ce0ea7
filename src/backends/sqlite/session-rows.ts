import type { Database } from 'better-sqlite3';
import { sql } from 'kysely';
import { prepare, statement } from './statement.ts';

const selectEntry = statement<{ tokenHash: Buffer }>()((db, param) =>
  db
    .selectFrom('onehost_session_entries')
    .select(['user_id as userId', 'payload', 'expires_at as expiresAt'])
    .where('token_hash', '=', param('tokenHash')),
);

const selectLife = statement<{ tokenHash: Buffer }>()((db, param) =>
  db
    .selectFrom('onehost_session_entries')
    .select(['user_id as userId', 'created_at as createdAt', 'expires_at as expiresAt'])
    .where('token_hash', '=', param('tokenHash')),
);

const selectOfUser = statement<{ userId: string; now: number }>()((db, param) =>
  db
    .selectFrom('onehost_session_entries')
    .select([
      'token_hash as tokenHash',
      'payload',
      'created_at as createdAt',
      'touched_at as touchedAt',
      'expires_at as expiresAt',
    ])
    .where('user_id', '=', param('userId'))
    .where('expires_at', '>', param('now'))
    .orderBy('touched_at', 'desc'),
);

const selectHashesOfUser = statement<{ userId: string }>()((db, param) =>
  db
    .selectFrom('onehost_session_entries')
    .select('token_hash as tokenHash')
    .where('user_id', '=', param('userId')),
);

const upsertEntry = statement<EntryRow>()((db, param) =>
  db
    .insertInto('onehost_session_entries')
    .values({
      token_hash: param('tokenHash'),
      user_id: param('userId'),
      payload: param('payload'),
      created_at: param('createdAt'),
      touched_at: param('touchedAt'),
      expires_at: param('expiresAt'),
    })
    .onConflict((conflict) =>
      conflict.column('token_hash').doUpdateSet((eb) => ({
        user_id: eb.ref('excluded.user_id'),
        payload: eb.ref('excluded.payload'),
        created_at: eb.ref('excluded.created_at'),
        touched_at: eb.ref('excluded.touched_at'),
        expires_at: eb.ref('excluded.expires_at'),
      })),
    ),
);

const updateExpiry = statement<{ tokenHash: Buffer; touchedAt: number; expiresAt: number }>()(
  (db, param) =>
    db
      .updateTable('onehost_session_entries')
      .set({ touched_at: param('touchedAt'), expires_at: param('expiresAt') })
      .where('token_hash', '=', param('tokenHash')),
);

const deleteEntry = statement<{ tokenHash: Buffer }>()((db, param) =>
  db
    .deleteFrom('onehost_session_entries')
    .where('token_hash', '=', param('tokenHash'))
    .returning('expires_at as expiresAt'),
);

const deleteOfUser = statement<{ userId: string; exceptTokenHash: Buffer | null }>()((db, param) =>
  db
    .deleteFrom('onehost_session_entries')
    .where('user_id', '=', param('userId'))
    // `is not` also holds between a hash and null, which excepts nothing.
    .where('token_hash', 'is not', param('exceptTokenHash'))
    .returning(['token_hash as tokenHash', 'expires_at as expiresAt']),
);

const deleteAll = statement()((db) => db.deleteFrom('onehost_session_entries'));

const deleteExpired = statement<{ now: number; limit: number }>()((db, param) =>
  db
    .deleteFrom('onehost_session_entries')
    .where('token_hash', 'in', (eb) =>
      eb
        .selectFrom('onehost_session_entries')
        .select('token_hash')
        .where('expires_at', '<=', param('now'))
        .orderBy('expires_at')
        .limit(param('limit')),
    ),
);

const selectExpired = statement<{ now: number }>()((db, param) =>
  db
    .selectFrom('onehost_session_entries')
    .select('expires_at')
    .where('expires_at', '<=', param('now'))
    .limit(sql.lit(1)),
);

/** An entry as it stands in the table; times are milliseconds since 1970. */
export interface EntryRow {
  readonly tokenHash: Buffer;
  readonly userId: string;
  readonly payload: string;
  readonly createdAt: number;
  readonly touchedAt: number;
  readonly expiresAt: number;
}

/** The rows of `onehost_session_entries`, by statements prepared once on one connection. */
export class SessionRows {
  readonly #selectEntry;
  readonly #selectLife;
  readonly #selectOfUser;
  readonly #selectHashesOfUser;
  readonly #upsertEntry;
  readonly #updateExpiry;
  readonly #deleteEntry;
  readonly #deleteOfUser;
  readonly #deleteAll;
  readonly #deleteExpired;
  readonly #selectExpired;

  constructor(connection: Database) {
    // As a list: an object with its column names takes longer to make than the look-up takes.
    this.#selectEntry = prepare(connection, selectEntry).raw();
    this.#selectLife = prepare(connection, selectLife);
    this.#selectOfUser = prepare(connection, selectOfUser);
    this.#selectHashesOfUser = prepare(connection, selectHashesOfUser);
    this.#upsertEntry = prepare(connection, upsertEntry);
    this.#updateExpiry = prepare(connection, updateExpiry);
    this.#deleteEntry = prepare(connection, deleteEntry);
    this.#deleteOfUser = prepare(connection, deleteOfUser);
    this.#deleteAll = prepare(connection, deleteAll);
    this.#deleteExpired = prepare(connection, deleteExpired);
    this.#selectExpired = prepare(connection, selectExpired);
  }

  /** Live or expired. */
  find(tokenHash: Buffer): Pick<EntryRow, 'userId' | 'payload' | 'expiresAt'> | undefined {
    const row = this.#selectEntry.get({ tokenHash }) as unknown;
    if (row === undefined) return undefined;
    const [userId, payload, expiresAt] = row as [string, string, number];
    return { userId, payload, expiresAt };
  }

  /** As {@link find}, but without reading the payload. */
  findLife(tokenHash: Buffer): Pick<EntryRow, 'userId' | 'createdAt' | 'expiresAt'> | undefined {
    return this.#selectLife.get({ tokenHash });
  }

  /** The live entries of a user, the last touched first. */
  listLive(userId: string, now: number): Omit<EntryRow, 'userId'>[] {
    return this.#selectOfUser.all({ userId, now });
  }

  /** Of live and expired entries. */
  hashesOf(userId: string): Buffer[] {
    return this.#selectHashesOfUser.all({ userId }).map((row) => row.tokenHash);
  }

  put(entry: EntryRow): void {
    this.#upsertEntry.run(entry);
  }

  setExpiry(entry: Pick<EntryRow, 'tokenHash' | 'touchedAt' | 'expiresAt'>): void {
    this.#updateExpiry.run(entry);
  }

  /** When the deleted entry would have expired, or did; `undefined` when there was none. */
  delete(tokenHash: Buffer): number | undefined {
    return this.#deleteEntry.get({ tokenHash })?.expiresAt;
  }

  /** The deleted entries, live and expired. */
  deleteOf(
    userId: string,
    exceptTokenHash: Buffer | null,
  ): Pick<EntryRow, 'tokenHash' | 'expiresAt'>[] {
    return this.#deleteOfUser.all({ userId, exceptTokenHash });
  }

  deleteAll(): void {
    this.#deleteAll.run({});
  }

  hasExpired(now: number): boolean {
    return this.#selectExpired.get({ now }) !== undefined;
  }

  /** How many were deleted, the longest expired first, at most `limit`. */
  deleteExpired(now: number, limit: number): number {
    return this.#deleteExpired.run({ now, limit }).changes;
  }
}
