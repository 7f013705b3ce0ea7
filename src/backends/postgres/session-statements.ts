import { statement } from './statement.ts';

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

const live = (schema: string) =>
  `generation = (select session_generation from ${schema}.state) and expires_at > ${schema}.now_ms()`;

export const findSession = statement<readonly [token: string], { payload: string }>(
  'onehost find',
  (schema) =>
    `select payload from ${schema}.sessions where token_hash = $1::bytea and ${live(schema)}`,
);

export const listSessions = statement<readonly [user: string], ListedRow>(
  'onehost list',
  (schema) =>
    `select token_hash, payload, created_at, touched_at, expires_at from ${schema}.sessions
     where user_hash = $1::bytea and ${live(schema)} order by touched_at desc, created_at desc`,
);

export const openFence = statement<readonly [], FenceRow>(
  'onehost fence',
  (schema) => `select incarnation, fence_position, generation from ${schema}.open_fence()`,
);

export const putSession = statement<Kept, { kept: boolean }>(
  'onehost put',
  (schema) => `select ${schema}.put($1, $2, $3, $4, $5, $6, $7, $8) as kept`,
);

export const fillSession = statement<Kept, { payload: string | null }>(
  'onehost fill',
  (schema) => `select ${schema}.fill($1, $2, $3, $4, $5, $6, $7, $8) as payload`,
);

export const extendSession = statement<
  readonly [token: string, ttlMilliseconds: number, lockTimeout: number],
  { extended: boolean }
>('onehost extend', (schema) => `select ${schema}.extend($1, $2, $3) as extended`);

export const invalidateToken = statement<
  readonly [token: string, lockTimeout: number],
  InvalidationRow
>(
  'onehost invalidate',
  (schema) => `select removed, fence_position from ${schema}.invalidate($1, $2)`,
);

export const invalidateUser = statement<
  readonly [user: string, exceptToken: string | null, lockTimeout: number],
  InvalidationRow
>(
  'onehost invalidate user',
  (schema) => `select removed, fence_position from ${schema}.invalidate_user($1, $2, $3)`,
);

export const tokensOfUser = statement<
  readonly [user: string, lockTimeout: number],
  { token_hash: string }
>(
  'onehost tokens',
  (schema) => `select token_hash from ${schema}.tokens_of_user($1, $2) token_hash`,
);

export const invalidateOfUser = statement<
  readonly [user: string, token: string, lockTimeout: number],
  InvalidationRow
>(
  'onehost invalidate of user',
  (schema) => `select removed, fence_position from ${schema}.invalidate_of_user($1, $2, $3)`,
);

export const clearSessions = statement<readonly [lockTimeout: number], unknown>(
  'onehost clear',
  (schema) => `select ${schema}.clear($1)`,
);

export const removeDeadSessions = statement<readonly [limit: number], { removed: number }>(
  'onehost remove',
  (schema) => `select ${schema}.remove_dead($1) as removed`,
);
