import {
  Kysely,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type Transaction,
} from 'kysely';
import type { Awaitable } from '../../contract/awaitable.ts';
import { type Fence, FencedSession } from './fenced-session.ts';

/**
 * Runs `work` in a transaction that is committed only if the term is the current one. What a statement of the work throws is thrown on as `pg`
 * threw it, but for what {@link FencedSession} says.
 */
export function fencedTransaction<DB, T>(
  fence: Fence,
  work: (transaction: Transaction<DB>) => Awaitable<T>,
): Promise<T> {
  const session = new FencedSession(fence);
  const db = new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new FencedDriver(session),
      createIntrospector: (each) => new PostgresIntrospector(each),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  return db.transaction().execute(async (transaction) => work(transaction));
}

/** Kysely's own driver, but for how a transaction begins and ends. It is never destroyed: that would end the pool. */
class FencedDriver extends PostgresDriver {
  readonly #session: FencedSession;

  constructor(session: FencedSession) {
    super({ pool: { connect: async () => session.connect() as never, end: async () => {} } });
    this.#session = session;
  }

  override beginTransaction(): Promise<void> {
    return this.#session.begin();
  }

  override commitTransaction(): Promise<void> {
    return this.#session.commit();
  }

  override rollbackTransaction(): Promise<void> {
    return this.#session.rollback();
  }
}
