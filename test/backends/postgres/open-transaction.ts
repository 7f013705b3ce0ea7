import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';

const PATIENCE_MILLISECONDS = 20_000;

/** A transaction of somebody else, in which something has been done that is not committed yet; undone at the end of its block. */
export class OpenTransaction implements Disposable {
  readonly #client: pg.PoolClient;
  #isOver = false;

  private constructor(client: pg.PoolClient) {
    this.#client = client;
    client.on('error', () => {});
  }

  static async of(pool: pg.Pool, text: string, values: unknown[] = []): Promise<OpenTransaction> {
    const transaction = new OpenTransaction(await pool.connect());
    await transaction.go('begin');
    await transaction.go(text, values);
    return transaction;
  }

  async go(text: string, values: unknown[] = []): Promise<void> {
    await this.#client.query(text, values);
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    await this.#client.query(how);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#client.release(true);
  }
}

/** Until somebody waits for a lock in the server. */
export function someoneWaits(pool: pg.Pool): Promise<void> {
  return severalWait(pool, 1);
}

/** Until so many wait for locks in the server. */
export async function severalWait(pool: pg.Pool, count: number): Promise<void> {
  for (const end = Date.now() + PATIENCE_MILLISECONDS; Date.now() < end; await wait(5)) {
    const { rows } = await pool.query(
      "select 1 from pg_stat_activity where wait_event_type = 'Lock'",
    );
    if (rows.length >= count) return;
  }
  throw new Error(`It did not come to ${count} waiting for a lock.`);
}
