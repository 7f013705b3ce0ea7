import type { Database } from 'better-sqlite3';
import { sql } from 'kysely';
import { current, generation } from './session-generation.ts';
import { prepare, statement } from './statement.ts';

const selectEntry = statement<EntryKey>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select(['user_id as userId', 'payload', 'expires_at as expiresAt'])
    .where('token_key', '=', param('tokenKey'))
    .where('token_hash', '=', param('tokenHash'))
    .where('generation', '=', current),
);

const selectPlace = statement<Pick<EntryKey, 'tokenKey'>>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select([
      'token_hash as tokenHash',
      'user_id as userId',
      'created_at as createdAt',
      'touched_at as touchedAt',
      'expires_at as expiresAt',
    ])
    .where('token_key', '=', param('tokenKey'))
    .where('generation', '=', current),
);

const selectOfUser = statement<{ userId: string; now: number }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select([
      'token_hash as tokenHash',
      'payload',
      'created_at as createdAt',
      'touched_at as touchedAt',
      'expires_at as expiresAt',
    ])
    .where('user_id', '=', param('userId'))
    .where(generation, '=', current)
    .where('expires_at', '>', param('now'))
    .orderBy('touched_at', 'desc'),
);

const selectHashesOfUser = statement<{ userId: string }>()((db, param) =>
  db
    .selectFrom('onehost_sessions')
    .select('token_hash as tokenHash')
    .where('user_id', '=', param('userId'))
    .where(generation, '=', current),
);

const upsertEntry = statement<EntryRow & EntryKey>()((db, param) =>
  db
    .insertInto('onehost_sessions')
    .values({
      token_key: param('tokenKey'),
      generation: current,
      token_hash: param('tokenHash'),
      user_id: param('userId'),
      created_at: param('createdAt'),
      touched_at: param('touchedAt'),
      expires_at: param('expiresAt'),
      payload: param('payload'),
    })
    .onConflict((conflict) =>
      // Also in the place of what a clear has left behind.
      conflict.column('token_key').doUpdateSet((eb) => ({
        generation: eb.ref('excluded.generation'),
        token_hash: eb.ref('excluded.token_hash'),
        user_id: eb.ref('excluded.user_id'),
        created_at: eb.ref('excluded.created_at'),
        touched_at: eb.ref('excluded.touched_at'),
        expires_at: eb.ref('excluded.expires_at'),
        payload: eb.ref('excluded.payload'),
      })),
    ),
);

const updateExpiry = statement<EntryKey & { touchedAt: number; expiresAt: number }>()((db, param) =>
  db
    .updateTable('onehost_sessions')
    .set({ touched_at: param('touchedAt'), expires_at: param('expiresAt') })
    .where('token_key', '=', param('tokenKey'))
    .where('token_hash', '=', param('tokenHash'))
    .where('generation', '=', current),
);

const deleteEntry = statement<EntryKey>()((db, param) =>
  db
    .deleteFrom('onehost_sessions')
    .where('token_key', '=', param('tokenKey'))
    .where('token_hash', '=', param('tokenHash'))
    .where('generation', '=', current)
    .returning('expires_at as expiresAt'),
);

const deleteOfUser = statement<{ userId: string; exceptTokenHash: Buffer | null }>()((db, param) =>
  db
    .deleteFrom('onehost_sessions')
    .where('user_id', '=', param('userId'))
    .where(generation, '=', current)
    // `is not` also holds between a hash and null, which excepts nothing.
    .where('token_hash', 'is not', param('exceptTokenHash'))
    .returning(['token_hash as tokenHash', 'expires_at as expiresAt']),
);

const beginGeneration = statement()((db) =>
  db.updateTable('onehost_file').set((eb) => ({
    session_generation: eb('session_generation', '+', sql.lit(1)),
  })),
);

/** Where an entry is in the table: at the number that its hash begins with. */
interface EntryKey {
  readonly tokenKey: bigint;
  readonly tokenHash: Buffer;
}

/** An entry as it stands in the table; times are milliseconds since 1970. */
export interface EntryRow {
  readonly tokenHash: Buffer;
  readonly userId: string;
  readonly payload: string;
  readonly createdAt: number;
  readonly touchedAt: number;
  readonly expiresAt: number;
}

/** An entry without its payload. */
type Life = Omit<EntryRow, 'payload'>;

/**
 * The rows of `onehost_sessions` that are of the current generation, live or expired, by statements prepared once on one
 * connection. Those that a clear has left behind are found by `DeadRows` alone.
 */
export class SessionRows {
  readonly #selectEntry;
  readonly #selectPlace;
  readonly #selectOfUser;
  readonly #selectHashesOfUser;
  readonly #upsertEntry;
  readonly #updateExpiry;
  readonly #deleteEntry;
  readonly #deleteOfUser;
  readonly #beginGeneration;

  constructor(connection: Database) {
    // As a list: an object with its column names takes longer to make than the look-up takes.
    this.#selectEntry = prepare(connection, selectEntry).raw();
    this.#selectPlace = prepare(connection, selectPlace);
    this.#selectOfUser = prepare(connection, selectOfUser);
    this.#selectHashesOfUser = prepare(connection, selectHashesOfUser);
    this.#upsertEntry = prepare(connection, upsertEntry);
    this.#updateExpiry = prepare(connection, updateExpiry);
    this.#deleteEntry = prepare(connection, deleteEntry);
    this.#deleteOfUser = prepare(connection, deleteOfUser);
    this.#beginGeneration = prepare(connection, beginGeneration);
  }

  /** Live or expired. */
  find(tokenHash: Buffer): Pick<EntryRow, 'userId' | 'payload' | 'expiresAt'> | undefined {
    const row = this.#selectEntry.get(keyOf(tokenHash)) as unknown;
    if (row === undefined) return undefined;
    const [userId, payload, expiresAt] = row as [string, string, number];
    return { userId, payload, expiresAt };
  }

  /** As {@link find}, but without reading the payload. */
  findLife(tokenHash: Buffer): Life | undefined {
    const life = this.findPlace(tokenHash);
    return life?.tokenHash.equals(tokenHash) ? life : undefined;
  }

  /** What {@link put} would replace: the entry of this token, or as good as never that of another whose hash begins alike. */
  findPlace(tokenHash: Buffer): Life | undefined {
    const { tokenKey } = keyOf(tokenHash);
    return this.#selectPlace.get({ tokenKey });
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
    this.#upsertEntry.run({ ...entry, ...keyOf(entry.tokenHash) });
  }

  setExpiry(entry: Pick<EntryRow, 'tokenHash' | 'touchedAt' | 'expiresAt'>): void {
    this.#updateExpiry.run({ ...entry, ...keyOf(entry.tokenHash) });
  }

  /** When the deleted entry would have expired, or did; `undefined` when there was none. */
  delete(tokenHash: Buffer): number | undefined {
    return this.#deleteEntry.get(keyOf(tokenHash))?.expiresAt;
  }

  /** The deleted entries, live and expired. */
  deleteOf(
    userId: string,
    exceptTokenHash: Buffer | null,
  ): Pick<EntryRow, 'tokenHash' | 'expiresAt'>[] {
    return this.#deleteOfUser.all({ userId, exceptTokenHash });
  }

  /** Leaves all entries behind: none is found any more. Takes the same time for any number of them. */
  leaveAllBehind(): void {
    this.#beginGeneration.run({});
  }
}

function keyOf(tokenHash: Buffer): EntryKey {
  return { tokenKey: tokenHash.readBigInt64BE(), tokenHash };
}
