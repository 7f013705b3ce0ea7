import type { Database } from 'better-sqlite3';
import { sql } from 'kysely';
import { prepare, statement } from './statement.ts';

/** What a change names: one token, one user, or neither, which means everything. */
export interface Change {
  readonly tokenHash?: Buffer;
  readonly userId?: string;
}

/**
 * A place in the log. The mark is random: if the file is put back to an earlier state, the same seq is
 * given once more, but to a row with another mark.
 */
export interface Position {
  readonly seq: number;
  readonly mark: number;
}

export interface LoggedChange extends Change {
  readonly position: Position;
}

/** The log is trimmed by whoever appends a row with a seq that this divides. */
const TRIM_EVERY = 64;

const selectPosition = statement()((db) =>
  db
    .selectFrom('onehost_session_changes')
    .select(['seq', 'mark'])
    .orderBy('seq', 'desc')
    .limit(sql.lit(1)),
);

const selectFrom = statement<{ seq: number; limit: number }>()((db, param) =>
  db
    .selectFrom('onehost_session_changes')
    .select(['seq', 'mark', 'token_hash', 'user_id'])
    .where('seq', '>=', param('seq'))
    .orderBy('seq')
    .limit(param('limit')),
);

const insertChange = statement<{
  mark: number;
  tokenHash: Buffer | null;
  userId: string | null;
}>()((db, param) =>
  db.insertInto('onehost_session_changes').values({
    mark: param('mark'),
    token_hash: param('tokenHash'),
    user_id: param('userId'),
  }),
);

const selectRow = statement<Position>()((db, param) =>
  db
    .selectFrom('onehost_session_changes')
    .select('seq')
    .where('seq', '=', param('seq'))
    .where('mark', '=', param('mark')),
);

const selectConcerning = statement<{ seq: number; tokenHash: Buffer; userId: string }>()(
  (db, param) =>
    db
      .selectFrom('onehost_session_changes')
      .select('seq')
      .where('seq', '>', param('seq'))
      .where((eb) =>
        eb.or([
          eb('token_hash', '=', param('tokenHash')),
          eb('user_id', '=', param('userId')),
          eb.and([eb('token_hash', 'is', null), eb('user_id', 'is', null)]),
        ]),
      )
      .limit(sql.lit(1)),
);

const deleteBelow = statement<{ seq: number }>()((db, param) =>
  db.deleteFrom('onehost_session_changes').where('seq', '<', param('seq')),
);

/**
 * The list of what other processes may hold in memory and must not use any more. Its rows are numbered
 * without gaps; it is trimmed at the low end to `keptChanges` rows, and never to none. So whoever finds
 * the row at the position it knows can trust that nothing after it is missing, and whoever does not find
 * it must take everything for changed.
 */
export class ChangeLog {
  readonly #selectPosition;
  readonly #selectFrom;
  readonly #insertChange;
  readonly #selectRow;
  readonly #selectConcerning;
  readonly #deleteBelow;
  readonly #keptChanges: number;

  constructor(connection: Database, keptChanges: number) {
    this.#selectPosition = prepare(connection, selectPosition);
    this.#selectFrom = prepare(connection, selectFrom);
    this.#insertChange = prepare(connection, insertChange);
    this.#selectRow = prepare(connection, selectRow);
    this.#selectConcerning = prepare(connection, selectConcerning);
    this.#deleteBelow = prepare(connection, deleteBelow);
    this.#keptChanges = keptChanges;
  }

  /** The place of the newest row. */
  position(): Position {
    // There is always a row: the schema brings the first one and keeps the newest.
    return this.#selectPosition.get({}) as Position;
  }

  /**
   * The changes after `position`, at most `limit`; `null` when they cannot be told: there are more, or
   * the row at `position` is gone (trimmed, or the file was put back to an earlier state).
   */
  after({ seq, mark }: Position, limit: number): readonly LoggedChange[] | null {
    const [known, ...tail] = this.#selectFrom.all({ seq, limit: limit + 2 });
    if (known?.seq !== seq || known.mark !== mark || tail.length > limit) return null;
    return tail.map((row) => ({
      position: { seq: row.seq, mark: row.mark },
      ...(row.token_hash === null ? {} : { tokenHash: row.token_hash }),
      ...(row.user_id === null ? {} : { userId: row.user_id }),
    }));
  }

  /** Whether something after `position` concerns this token or user, or may have. */
  concernsSince(position: Position, tokenHash: Buffer, userId: string): boolean {
    if (this.#selectRow.get(position) === undefined) return true;
    return this.#selectConcerning.get({ seq: position.seq, tokenHash, userId }) !== undefined;
  }

  /** To be called inside the transaction that makes the change. The place of the new row. */
  append(change: Change): Position {
    const { tokenHash = null, userId = null } = change;
    const mark = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
    const { lastInsertRowid } = this.#insertChange.run({ mark, tokenHash, userId });
    const seq = Number(lastInsertRowid);
    if (seq % TRIM_EVERY === 0) this.#deleteBelow.run({ seq: seq - this.#keptChanges + 1 });
    return { seq, mark };
  }
}
