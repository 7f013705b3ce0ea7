import { type Expression, expressionBuilder, type RawBuilder, sql } from 'kysely';
import type { OnehostSchema } from './schema.ts';

/**
 * The generation that exists for readers. Read by the statement that asks for it, and so as of the same snapshot:
 * a number that was read before may have been left behind by a `clear` since. It costs a cold `get` 1 to 4 hundredths.
 */
export const current: Expression<number> = expressionBuilder<OnehostSchema>()
  .selectFrom('onehost_file')
  .select('session_generation')
  .$asScalar()
  .$notNull();

/**
 * For statements that are to find their rows by another column. Nearly all rows have the current generation, but
 * SQLite does not know that, and without the plus goes through all of them: https://sqlite.org/optoverview.html#uplus
 */
export const generation: RawBuilder<number> = sql<number>`+generation`;
