import { InvalidTransactionError } from '../../contract/errors/index.ts';
import { type Checkout, checkOut } from './checkout.ts';
import { columnTypes } from './column-types.ts';
import { unavailable } from './lease-calls.ts';
import type { PostgresPool, PostgresResult } from './postgres-pool.ts';
import { isConnectionFailure, translateError } from './translate-error.ts';

/** What makes a transaction one under a lease. */
export interface Fence {
  readonly pool: PostgresPool;
  /** How long the server lets a statement take, and how long it waits for the next. */
  readonly limitMilliseconds: number;
  /** Aborts when the term is over. */
  readonly ended: AbortSignal;
  /** Aborts when all of it has taken too long, where it has a deadline; whoever has called has the answer by then. */
  readonly deadline: AbortSignal | null;
  /** A statement that gives `isTerm`, and one that fails unless the term stays the current one until the end of the transaction. */
  readonly look: string;
  readonly assert: string;
  /** Whether columns are read as onehost reads its own, and not as the app has told `pg`. */
  readonly hasOwnColumns: boolean;
  /** Runs a step of ours within the deadline of a call, and says what its failure means. */
  step<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Runs a statement of the work, which the server ends after the limit; what it throws is thrown on. */
  statement<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Another term is the current one: what to throw. */
  replaced(): Promise<Error>;
}

/** In milliseconds; the server takes no more. */
const LONGEST_LIMIT = 2 ** 31 - 1;

/** Ends with the transaction that it was made in, and not with another that the work has begun in its place. */
const SAVEPOINT = 'onehost_fenced';

/** No savepoint of that name, no transaction, a transaction that has failed. */
const ENDED_BY_WORK = ['3B001', '25P01', '25P02'];
const IDLE_FOR_TOO_LONG = '25P03';
const REPLACED = 'OH002';

/**
 * One transaction under a lease, on one connection.
 *
 * ```text
 *   begin; time limits; is the term current? savepoint        one message: a holder that was robbed need not begin to work
 *   ... work ...                                              no row of the lease is locked: others may renew, release, take over
 *   release savepoint; lock the term's row or fail; commit    one message: the process cannot be stopped in between
 * ```
 *
 * A takeover changes the row that is locked at the end. So it comes either before, and the commit is refused, or after the commit. To lock the
 * row at the beginning would fence as well, but a holder that was stopped in its work would keep the next one out until the server lost patience.
 *
 * When the term ends during the work, the connection is closed, and with it goes what the work has locked. A holder that is stopped itself
 * cannot do that: the server ends its transaction after half a duration without a statement.
 */
export class FencedSession {
  readonly #fence: Fence;
  #checkout: Checkout | null = null;
  /** Whether its end was sent: what came after that on the connection would be in no transaction, and fenced by nothing. */
  #hasEnded = false;
  /** What broke the connection, as the server told it before. */
  #broken: (Error & { readonly code?: unknown }) | null = null;

  constructor(fence: Fence) {
    this.#fence = fence;
  }

  /** What Kysely takes for a connection of a pool. */
  async connect(): Promise<{
    query(text: string, values: unknown[]): Promise<PostgresResult>;
    release(): void;
  }> {
    const { pool, step, ended, deadline } = this.#fence;
    const checkout = await step((signal) => checkOut(pool, signal));
    this.#checkout = checkout;
    checkout.client.on('error', this.#onError);
    ended.addEventListener('abort', this.#onEnded);
    deadline?.addEventListener('abort', this.#onLate);
    if (ended.aborted) this.#onEnded();
    if (deadline?.aborted) this.#onLate();
    return { query: (text, values) => this.#query(text, values), release: () => this.#end() };
  }

  async begin(): Promise<void> {
    const { limitMilliseconds, look } = this.#fence;
    const limit = Math.min(Math.max(1, Math.round(limitMilliseconds)), LONGEST_LIMIT);
    const text =
      `begin isolation level read committed; set local statement_timeout = ${limit}; ` +
      `set local idle_in_transaction_session_timeout = ${limit}; ${look}; savepoint ${SAVEPOINT}`;
    let isTerm = false;
    try {
      const results = await this.#send(text);
      isTerm = results.some(({ rows }) => (rows[0] as { isTerm?: unknown })?.isTerm === true);
    } finally {
      // Also one that failed half way is open, and Kysely leaves it so.
      if (!isTerm) await this.rollback();
    }
    if (!isTerm) throw await this.#replaced();
  }

  async commit(): Promise<void> {
    const { assert, ended } = this.#fence;
    // From here on the database decides: who is told that the term has ended would not know whether it was committed.
    ended.removeEventListener('abort', this.#onEnded);
    this.#hasEnded = true;
    try {
      await this.#send(`release savepoint ${SAVEPOINT}; ${assert}; commit`);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === REPLACED) {
        await this.rollback();
        throw await this.#replaced();
      }
      if (!ENDED_BY_WORK.includes(String(code))) throw error;
      throw new InvalidTransactionError(
        'The work of lease.transaction ended the transaction by itself, or went on after a statement of it had failed. In the first case, what it wrote ' +
          'until then may have been committed; in the second, nothing was. Leave commit and rollback to lease.transaction: throw to undo.',
        { cause: error },
      );
    }
  }

  /** Does not fail: with a connection that is closed the transaction is undone as well, and what is to be told is why. */
  async rollback(): Promise<void> {
    this.#hasEnded = true;
    if (this.#checkout === null) return;
    await this.#send('rollback').catch((error: Error) => this.#end(error));
  }

  /** The connection goes back first: it takes one to find out who it was, and transactions that keep theirs while they wait for one would keep each other waiting. */
  async #replaced(): Promise<Error> {
    this.#end();
    return this.#fence.replaced();
  }

  async #query(text: string, values: unknown[]): Promise<PostgresResult> {
    if (this.#hasEnded) throw this.#tooLate();
    const { client } = this.#open;
    const types = this.#fence.hasOwnColumns ? { types: columnTypes } : {};
    return this.#fence.statement((signal) =>
      this.#ask(signal, client.query({ text, values, ...types })),
    );
  }

  async #send(text: string): Promise<PostgresResult[]> {
    const { client } = this.#open;
    const results = await this.#fence.step((signal) => this.#ask(signal, client.query(text)));
    return Array.isArray(results) ? results : [results];
  }

  /** What the server answers; when `signal` aborts before, the connection is closed. */
  async #ask<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
    const giveUp = () => this.#end(signal.reason);
    signal.addEventListener('abort', giveUp);
    try {
      return await answer;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  get #open(): Checkout {
    if (this.#checkout !== null) return this.#checkout;
    throw this.#fence.ended.reason ?? this.#fence.deadline?.reason ?? this.#tooLate();
  }

  #tooLate(): InvalidTransactionError {
    return new InvalidTransactionError(
      'The work of lease.transaction went on after it had returned, thrown, or been given up, with a statement that would have been in no transaction. It was not made. ' +
        'Await everything that the work begins before it returns, also when a part of it fails (Promise.allSettled).',
    );
  }

  /** What a connection says that was closed by one side or the other is nothing to go by. */
  #explained(error: unknown): unknown {
    if (this.#checkout === null && this.#fence.ended.aborted) return this.#fence.ended.reason;
    if (this.#broken?.code === IDLE_FOR_TOO_LONG) return this.#idleForTooLong();
    // What pg throws by itself while the connection goes on is about the statement, such as a parameter that cannot be sent.
    const isOfPg = typeof (error as { code?: unknown }).code !== 'string';
    if (isOfPg && this.#broken === null && this.#checkout !== null) return error;
    const cause = this.#broken ?? error;
    return isConnectionFailure(cause) ? translateError(cause, unavailable) : error;
  }

  #idleForTooLong(): InvalidTransactionError {
    return new InvalidTransactionError(
      `The work of lease.transaction let more than ${this.#fence.limitMilliseconds / 1000} s pass without a statement, half the duration of the lease, and the server ended the ` +
        'transaction. Nothing was written. Load what it needs before, and only write in it; or give the lease a longer duration.',
      { cause: this.#broken },
    );
  }

  readonly #onEnded = (): void => this.#end(this.#fence.ended.reason);

  readonly #onLate = (): void => this.#end(this.#fence.deadline?.reason);

  readonly #onError = (error: Error): void => {
    this.#broken ??= error;
  };

  #end(error?: Error): void {
    const checkout = this.#checkout;
    if (checkout === null) return;
    this.#checkout = null;
    this.#fence.ended.removeEventListener('abort', this.#onEnded);
    this.#fence.deadline?.removeEventListener('abort', this.#onLate);
    checkout.end(error);
    checkout.client.removeListener('error', this.#onError);
  }
}
