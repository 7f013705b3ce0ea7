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
  return new OpenCheckout(client, signal);
}

class OpenCheckout implements Checkout {
  readonly client: PostgresClient;
  readonly #open: Set<OpenCheckout>;
  #isOver = false;

  constructor(client: PostgresClient, signal: AbortSignal) {
    this.client = client;
    this.#open = openUnder(signal);
    this.#open.add(this);
    survive(client);
  }

  end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#open.delete(this);
    this.client.release(error);
  }
}

/** Those that end with a signal, which many calls share: one listener for all, since to add and remove one takes as long as the rest of a checkout. */
const checkouts = new WeakMap<AbortSignal, Set<OpenCheckout>>();

function openUnder(signal: AbortSignal): Set<OpenCheckout> {
  const known = checkouts.get(signal);
  if (known !== undefined) return known;
  const open = new Set<OpenCheckout>();
  checkouts.set(signal, open);
  signal.addEventListener('abort', () => {
    for (const checkout of open) checkout.end(signal.reason);
  });
  return open;
}

const survivors = new WeakSet<PostgresClient>();

/**
 * A connection that breaks tells its queries, and by an event as well, which would end the process if nobody listened. The pool listens while
 * it has the connection, and nobody when it is checked out. It is told once and for all: to listen for each call anew costs more than the rest of it.
 */
function survive(client: PostgresClient): void {
  if (survivors.has(client)) return;
  survivors.add(client);
  client.on('error', () => {});
}
