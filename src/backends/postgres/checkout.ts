import type { PostgresClient, PostgresPool } from './postgres-pool.ts';

/** A connection of the pool for as long as one call uses it. */
export interface Checkout {
  readonly client: PostgresClient;
  /** Back to the pool. With an error the connection is closed instead: what it still does is of no interest to anybody. */
  end(error?: Error): void;
}

/**
 * A connection of the pool, which is closed when `signal` aborts before the checkout has ended: the server may be hung, or wait for a lock, and
 * the next call is not to get a connection on which something is still going on. If it aborts before there is a connection, nothing is sent on
 * that one any more.
 *
 * `pool.query` would do neither: a query that waits for a connection is sent whenever one comes free.
 */
export async function checkOut(pool: PostgresPool, signal: AbortSignal): Promise<Checkout> {
  signal.throwIfAborted();
  const client = await pool.connect();
  if (signal.aborted) {
    client.release();
    throw signal.reason;
  }
  let isOver = false;
  // A connection that breaks tells its queries as well; without a listener this event would end the process.
  const onError = () => {};
  const onAbort = () => end(signal.reason);
  const end = (error?: Error) => {
    if (isOver) return;
    isOver = true;
    signal.removeEventListener('abort', onAbort);
    client.release(error);
    client.removeListener('error', onError);
  };
  client.on('error', onError);
  signal.addEventListener('abort', onAbort);
  return { client, end };
}
