import type { Transaction } from 'kysely';
import type { Awaitable } from '../../contract/awaitable.ts';
import type { Clock } from '../../contract/clock.ts';
import { LeaseLostError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import type { Instance } from '../../contract/instance.ts';
import type { Lease, TermReason } from '../../contract/lease.ts';
import { LeaseKeeper } from '../../lease-keeping/lease-keeper.ts';
import type { LeaseSettings } from '../../lease-keeping/lease-settings.ts';
import type { Fence } from './fenced-session.ts';
import { fencedTransaction } from './fenced-transaction.ts';
import type { LeaseCalls } from './lease-calls.ts';
import type { LeaseRow, LeaseRows, TermKey } from './lease-rows.ts';
import type { OnehostPostgres } from './onehost-postgres.ts';
import type { PostgresSchema } from './schema.ts';
import { toStored } from './stored-text.ts';
import type { TermWatch } from './term-watch.ts';

/** Of the duration: an attempt that hangs leaves time for others in the window. */
const RENEWAL_SHARE = 1 / 6;

/** How long may be asked who has the lease, once it is known that this one has it no more. */
const SUCCESSOR_SECONDS = 1;

/** What a lease is made of; the lease store hands it over. @internal */
export interface LeaseParts {
  readonly database: OnehostPostgres;
  readonly calls: LeaseCalls;
  readonly rows: LeaseRows;
  readonly watch: TermWatch;
  readonly settings: LeaseSettings;
  readonly name: string;
  readonly holder: Instance;
  readonly fencingToken: number;
  readonly reason: TermReason;
  /** When the attempt that acquired it began, on the monotonic clock. */
  readonly attemptedAt: number;
  /** The term is over. */
  readonly onEnd: (lease: PostgresLease) => void;
}

/**
 * A term of a lease in a PostgreSQL database. On top of what the contract says its methods throw `LeaseStoreUnavailableError` when the server cannot
 * be asked in time.
 *
 * @typeParam DB the app's tables, as Kysely's types.
 */
// biome-ignore lint/suspicious/noExplicitAny: without the app's types any table may be written, as with Kysely<any>.
export class PostgresLease<DB = any> implements Lease<Transaction<DB>> {
  readonly name: string;
  readonly holder: Instance;
  readonly fencingToken: number;
  readonly reason: TermReason;
  readonly #parts: LeaseParts;
  readonly #term: TermKey;
  readonly #keeper: LeaseKeeper;
  readonly #clock: Clock;
  /** Whether the database has been told that the term is over. */
  #isReleased = false;

  /** @internal */
  constructor(parts: LeaseParts) {
    const { name, holder, fencingToken, settings, database } = parts;
    this.name = name;
    this.holder = holder;
    this.fencingToken = fencingToken;
    this.reason = parts.reason;
    this.#parts = parts;
    this.#term = { name, holder: holder.id, fencingToken };
    this.#clock = database.clock;
    this.#keeper = new LeaseKeeper(
      {
        name,
        fencingToken,
        durationMilliseconds: settings.durationMilliseconds,
        marginMilliseconds: settings.marginMilliseconds,
        attemptedAt: parts.attemptedAt,
      },
      this.#clock,
      () => this.#renew((settings.durationMilliseconds * RENEWAL_SHARE) / 1000),
    );
    this.signal.addEventListener('abort', () => parts.onEnd(this), { once: true });
  }

  /** Whose tables its transactions write. @internal */
  get database(): OnehostPostgres {
    return this.#parts.database;
  }

  get signal(): AbortSignal {
    return this.#keeper.signal;
  }

  isHeld(): boolean {
    return this.#keeper.isHeld();
  }

  async renew(): Promise<void> {
    await this.#renew();
  }

  /**
   * See the contract. `work` is handed a transaction of Kysely, and may wait for its statements; what is written by it is committed if this term is
   * still the current one. What `work` throws is thrown on, and everything it wrote is undone.
   *
   * It should not wait for anything else: the rows that it wrote are locked meanwhile. After half the lease's duration in one statement or
   * without one the server ends the transaction, and when the term ends during the work, this process does.
   *
   * What the commit outlives is what the server is set up for, and at least a crash of it. When the server cannot be
   * asked during the commit, `LeaseStoreUnavailableError` leaves open whether it was done.
   */
  async transaction<T>(work: (transaction: Transaction<DB>) => Awaitable<T>): Promise<T> {
    this.#keeper.assertHeld();
    return fencedTransaction<DB, T>(this.#fence(null), work);
  }

  /** {@link transaction} on the tables of onehost, all of it within the deadline of one call. @internal */
  async recording<T>(work: (transaction: Transaction<PostgresSchema>) => Promise<T>): Promise<T> {
    this.#keeper.assertHeld();
    return this.#parts.calls.withinAgain((deadline) =>
      fencedTransaction<PostgresSchema, T>(this.#fence(deadline), (transaction) =>
        work(transaction.withSchema(this.database.schema)),
      ),
    );
  }

  /** See the contract. When the server cannot be asked it throws; the term is over here, and for others after its duration. */
  async release(): Promise<boolean> {
    if (this.#isReleased) return false;
    const wasHeld = this.#keeper.release();
    const { calls, rows } = this.#parts;
    // Also a term that was lost by the clock alone, so that nobody has to wait for its end.
    const wasCurrent = await calls.within((signal) => rows.release(this.#term, signal));
    this.#isReleased = true;
    if (wasHeld && wasCurrent) this.#publishRelease();
    return wasHeld && wasCurrent;
  }

  /** Ends the term here; its store, which is being closed, tells the database of all of them. @internal */
  end(): void {
    this.#isReleased = true;
    if (this.#keeper.release()) this.#publishRelease();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #renew(timeoutSeconds?: number): Promise<void> {
    this.#keeper.assertHeld();
    const { calls, rows, watch } = this.#parts;
    const attemptedAt = this.#clock.monotonic();
    const now = await calls.within((signal) => rows.renew(this.#term, signal), timeoutSeconds);
    if (now === undefined) throw await this.#replaced();
    watch.heard(now, attemptedAt);
    this.#keeper.renewed(attemptedAt);
  }

  /** @param deadline of what is written in the tables of onehost. */
  #fence(deadline: AbortSignal | null): Fence {
    const { database, calls, settings } = this.#parts;
    const limitMilliseconds = settings.durationMilliseconds / 2;
    const schema = database.quotedSchema;
    const name = literal(toStored(this.name));
    const holder = literal(this.holder.id);
    const token = String(this.fencingToken);
    return {
      pool: database.pool,
      limitMilliseconds,
      ended: this.signal,
      deadline,
      look: `select exists (select from ${schema}.leases where name = ${name} and holder = ${holder} and fencing_token = ${token}) as "isTerm"`,
      assert: `select ${schema}.be_durable(), ${schema}.assert_term(${name}, ${holder}, ${token})`,
      hasOwnColumns: deadline !== null,
      step: (work) => calls.within(work),
      statement: (work) => calls.afterLimit(work, limitMilliseconds),
      replaced: () => this.#replaced(),
    };
  }

  #publishRelease(): void {
    publish('onehost:lease-released', { name: this.name, fencingToken: this.fencingToken });
  }

  /** Another term is the current one: this one is over. What to throw. */
  async #replaced(): Promise<LeaseLostError> {
    const { calls, rows } = this.#parts;
    // Only for the message: the term is over, whether or not the server answers once more, and whoever works under it is to know soon.
    const row = await calls
      .within((signal) => rows.find(this.name, signal), SUCCESSOR_SECONDS)
      .catch(() => null);
    const error = new LeaseLostError(
      `The lease "${this.name}" (fencing token ${this.fencingToken}) ${describeSuccessor(row)}. Nothing was written. ` +
        'Stop what it was for, and acquire it again.',
    );
    this.#keeper.lose(error);
    return error;
  }
}

/** In a statement that must go without parameters, since others go with it in one message: of hex digits alone, whatever the text. */
function literal(text: string): string {
  return `convert_from(decode('${Buffer.from(text).toString('hex')}', 'hex'), 'UTF8')`;
}

function describeSuccessor(row: LeaseRow | undefined | null): string {
  if (row === null) return 'is over: another term is the current one';
  if (row === undefined)
    return 'is not in the database any more, which was put back to an earlier state';
  if (row.holder === null)
    return `is over: a later term (${row.fencingToken}) has been released since`;
  const how = row.reason === 'stolen' ? 'was stolen' : `was taken over (${row.reason})`;
  return `${how} by process ${row.processId} on ${row.host} (fencing token ${row.fencingToken})`;
}
