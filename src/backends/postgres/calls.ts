import type { CompiledQuery } from 'kysely';
import { checkOut } from './checkout.ts';
import { columnTypes } from './column-types.ts';
import type { PostgresPool, PostgresQuery } from './postgres-pool.ts';
import type { Statement } from './statement.ts';
import {
  isConflict,
  isConnectionFailure,
  MAX_ATTEMPTS,
  translateError,
  type Unavailable,
} from './translate-error.ts';

/** Carries out single statements, each a transaction of its own and one round trip. */
export class Calls {
  readonly #pool: PostgresPool;
  readonly #schema: string;
  readonly #prepares: boolean;
  readonly #unavailable: Unavailable;
  /** The statements that were used so far, for this schema. */
  readonly #queries = new Map<object, PostgresQuery>();

  constructor(
    pool: PostgresPool,
    options: { readonly quotedSchema: string; readonly prepares: boolean },
    unavailable: Unavailable,
  ) {
    this.#pool = pool;
    this.#schema = options.quotedSchema;
    this.#prepares = options.prepares;
    this.#unavailable = unavailable;
  }

  /** By a statement that is prepared once per connection. */
  call<P extends readonly unknown[], Row>(
    statement: Statement<P, Row>,
    parameters: P,
    signal: AbortSignal,
  ): Promise<Row[]> {
    let query = this.#queries.get(statement);
    if (query === undefined) {
      query = this.#learn(statement);
      this.#queries.set(statement, query);
    }
    return this.#carryOut({ ...query, values: parameters as unknown as unknown[] }, signal);
  }

  /** By a statement that Kysely built. */
  run<Row>({ sql, parameters }: CompiledQuery<Row>, signal: AbortSignal): Promise<Row[]> {
    return this.#carryOut({ text: sql, values: [...parameters], types: columnTypes }, signal);
  }

  #learn({
    name,
    text,
    givesText,
  }: Pick<Statement<never, unknown>, 'name' | 'text' | 'givesText'>): PostgresQuery {
    // Two schemas in one database, on one pool, each have their own.
    const prepared = this.#prepares ? { name: `${name} ${this.#schema}` } : {};
    const types = givesText ? {} : { types: columnTypes };
    return { ...prepared, text: text(this.#schema), ...types };
  }

  async #carryOut<Row>(query: PostgresQuery, signal: AbortSignal): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const checkout = await checkOut(this.#pool, signal);
        try {
          const { rows } = await checkout.client.query(query);
          return rows as Row[];
        } catch (error) {
          // It may still be going on there.
          if (isConnectionFailure(error)) checkout.end(error as Error);
          throw error;
        } finally {
          checkout.end();
        }
      } catch (error) {
        if (isConflict(error) && attempt < MAX_ATTEMPTS && !signal.aborted) continue;
        throw translateError(error, this.#unavailable);
      }
    }
  }
}
