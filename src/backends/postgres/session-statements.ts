import { type Statement, statement } from './statement.ts';

/** Positions are numbers as PostgreSQL gives them; the fence of a load is text to everybody else. */
export interface FenceRow {
  readonly incarnation: number;
  readonly fence_position: number;
  readonly generation: number;
}

export interface InvalidationRow {
  readonly removed: number;
  readonly fence_position: number;
}

export interface ListedRow {
  readonly token_hash: string;
  readonly payload: string;
  readonly created_at: number;
  readonly touched_at: number;
  readonly expires_at: number;
}

/** A session to be kept: token, user, payload, milliseconds to live; the fence; how long to wait for a lock. */
type Kept = readonly [string, string, string, number, number, number, number, number];

/** On a standby nothing is: what it has may have been invalidated on the primary. A server may become one while it is in use, and the first write says so. */
const live = (schema: string) =>
  `generation = (select session_generation from ${schema}.state) and expires_at > ${schema}.now_ms() and not pg_is_in_recovery()`;

export const findSession: Statement<readonly [token: string], { payload: string }> = statement(
  'onehost find',
  (schema) =>
    `select payload from ${schema}.sessions where token_hash = $1::bytea and ${live(schema)}`,
  true,
);

export const listSessions: Statement<readonly [user: string], ListedRow> = statement(
  'onehost list',
  (schema) =>
    `select encode(token_hash, 'hex') as token_hash, payload, created_at, touched_at, expires_at from ${schema}.sessions
     where user_hash = $1::bytea and ${live(schema)} order by touched_at desc, created_at desc`,
);

export const openFence: Statement<readonly [], FenceRow> = statement(
  'onehost fence',
  (schema) => `select incarnation, fence_position, generation from ${schema}.open_fence()`,
);

export const putSession: Statement<Kept, { kept: boolean }> = statement(
  'onehost put',
  (schema) => `select ${schema}.put($1, $2, $3, $4, $5, $6, $7, $8) as kept`,
);

export const fillSession: Statement<Kept, { payload: string | null }> = statement(
  'onehost fill',
  (schema) => `select ${schema}.fill($1, $2, $3, $4, $5, $6, $7, $8) as payload`,
);

export const extendSession: Statement<
  readonly [token: string, ttlMilliseconds: number, lockTimeout: number],
  { extended: boolean }
> = statement('onehost extend', (schema) => `select ${schema}.extend($1, $2, $3) as extended`);

export const invalidateToken: Statement<
  readonly [token: string, lockTimeout: number],
  InvalidationRow
> = statement(
  'onehost invalidate',
  (schema) => `select removed, fence_position from ${schema}.invalidate($1, $2)`,
);

export const invalidateUser: Statement<
  readonly [user: string, exceptToken: string | null, lockTimeout: number],
  InvalidationRow
> = statement(
  'onehost end user',
  (schema) => `select removed, fence_position from ${schema}.invalidate_user($1, $2, $3)`,
);

export const tokensOfUser: Statement<
  readonly [user: string, lockTimeout: number],
  { token_hash: string }
> = statement(
  'onehost tokens',
  (schema) =>
    `select encode(token, 'hex') as token_hash from ${schema}.tokens_of_user($1, $2) token`,
);

export const invalidateOfUser: Statement<
  readonly [user: string, token: string, lockTimeout: number],
  InvalidationRow
> = statement(
  'onehost end of user',
  (schema) => `select removed, fence_position from ${schema}.invalidate_of_user($1, $2, $3)`,
);

export const clearSessions: Statement<readonly [lockTimeout: number], unknown> = statement(
  'onehost clear',
  (schema) => `select ${schema}.clear($1)`,
);

export const removeDeadSessions: Statement<readonly [limit: number], { removed: number }> =
  statement('onehost remove', (schema) => `select ${schema}.remove_dead($1) as removed`);
