import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely';
import type { Instance } from '../../contract/instance.ts';
import type { TermReason } from '../../contract/lease.ts';
import type { KeptLease } from '../../lease-keeping/lease-records.ts';
import type { Calls } from './calls.ts';
import type { OnehostPostgres } from './onehost-postgres.ts';
import { channelOf } from './release-notices.ts';
import type { PostgresSchema } from './schema.ts';
import { fromStored, toStored } from './stored-text.ts';

/** A lease in the database, as of `now` by the server's clock. */
export interface LeaseRow extends KeptLease {
  readonly now: number;
}

/** What names one term in the database. */
export type TermKey = Pick<LeaseRow, 'name' | 'fencingToken'> & { readonly holder: string };

/** What the newest term must be for another to begin in its place; `renewals` where it must not have been renewed since. */
export type Replaced = Pick<LeaseRow, 'fencingToken' | 'holder'> & { readonly renewals?: number };

/** A term that is to begin. */
export interface NewTerm {
  readonly name: string;
  readonly holder: Instance;
  readonly reason: TermReason;
  readonly durationMilliseconds: number;
}

type LeaseExpressions = ExpressionBuilder<PostgresSchema, 'leases'>;

/** The statements on the leases. Whatever changes a term names it exactly: by holder and fencing token. */
export class LeaseRows {
  readonly #database: OnehostPostgres;
  readonly #calls: Calls;
  /** True, and from here on the statement waits for no lock for longer than its caller. */
  readonly #waitsAtMost: RawBuilder<boolean>;

  /** @param timeoutSeconds how long a call may take; no term begins after its caller has gone. */
  constructor(database: OnehostPostgres, calls: Calls, timeoutSeconds: number) {
    this.#database = database;
    this.#calls = calls;
    const schema = sql.raw(database.quotedSchema);
    const milliseconds = Math.max(1, Math.ceil(timeoutSeconds * 1000));
    this.#waitsAtMost = sql<boolean>`${schema}.wait_at_most(${sql.lit(milliseconds)})`;
  }

  async find(name: string, signal: AbortSignal): Promise<LeaseRow | undefined> {
    const query = this.#select().where('name', '=', toStored(name)).compile();
    const [row] = await this.#calls.run(query, signal);
    return row && readRow(row);
  }

  async list(signal: AbortSignal): Promise<LeaseRow[]> {
    const rows = await this.#calls.run(this.#select().orderBy('name').compile(), signal);
    return rows.map(readRow);
  }

  /** The fencing token of the first term of a lease; `undefined` when there has been one. */
  async beginFirst(term: NewTerm, signal: AbortSignal): Promise<number | undefined> {
    const { tables } = this.#database;
    const query = tables
      .insertInto('leases')
      .values({
        name: toStored(term.name),
        fencing_token: sql<number>`case when ${this.#waitsAtMost} then ${this.#nextToken(sql.lit(0))} end`,
        ...this.#columns(term),
      })
      // On any conflict. With only the name as its target, PostgreSQL fails who was second in leases_term, although that holds the same
      // name: in 44 of 500 rounds of twenty at once, whenever both tokens were of the same millisecond.
      .onConflict((conflict) => conflict.doNothing())
      .returning(['fencing_token as fencingToken', this.#durable()])
      .compile();
    const [begun] = await this.#calls.run(query, signal);
    return begun?.fencingToken;
  }

  /** The fencing token of a term in place of the one that is meant; `undefined` when somebody was faster. */
  async begin(term: NewTerm, replaced: Replaced, signal: AbortSignal): Promise<number | undefined> {
    const { fencingToken, holder, renewals } = replaced;
    const query = this.#database.tables
      .updateTable('leases')
      .set(({ ref }) => ({
        fencing_token: this.#nextToken(ref('fencing_token')),
        replaced_token: ref('fencing_token'),
        ...this.#columns(term),
      }))
      .where('name', '=', toStored(term.name))
      .where('fencing_token', '=', fencingToken)
      .where('holder', 'is not distinct from', holder)
      .$if(renewals !== undefined, (each) => each.where('renewals', '=', renewals ?? 0))
      .where(this.#waitsAtMost)
      .returning(['fencing_token as fencingToken', this.#durable()])
      .compile();
    const [begun] = await this.#calls.run(query, signal);
    return begun?.fencingToken;
  }

  /** The server's clock at the renewal; `undefined` when the term is not the current one. */
  async renew(term: TermKey, signal: AbortSignal): Promise<number | undefined> {
    const query = this.#database.tables
      .updateTable('leases')
      .set(({ eb }) => ({
        renewals: eb('renewals', '+', sql.lit(1)),
        renewed_at: this.#database.now,
      }))
      .where(isTerm(term))
      .returning(['renewed_at as renewedAt', this.#durable()])
      .compile();
    const [renewed] = await this.#calls.run(query, signal);
    return renewed?.renewedAt;
  }

  /** Whether the term was the current one. Standbys are told. */
  async release(term: TermKey, signal: AbortSignal): Promise<boolean> {
    return (await this.#release(isTerm(term), signal)) > 0;
  }

  /** Ends every term of an instance. */
  async releaseAll(instanceId: string, signal: AbortSignal): Promise<void> {
    await this.#release(({ eb }) => eb('holder', '=', instanceId), signal);
  }

  async #release(
    which: (expressions: LeaseExpressions) => ReturnType<LeaseExpressions['and']>,
    signal: AbortSignal,
  ): Promise<number> {
    const { tables, quotedSchema } = this.#database;
    const channel = channelOf(quotedSchema).slice(1, -1);
    const query = tables
      .with('released', (db) =>
        db.updateTable('leases').set({ holder: null }).where(which).returning('name'),
      )
      .selectFrom('released' as never)
      .select(sql<unknown>`pg_notify(${channel}, name)`.as('notified'))
      .compile();
    return (await this.#calls.run(query, signal)).length;
  }

  #select() {
    return this.#database.tables
      .selectFrom('leases')
      .select([
        'name',
        'fencing_token as fencingToken',
        'replaced_token as replacedToken',
        'holder',
        'process_id as processId',
        'host',
        'app_version as appVersion',
        'instance_started_at as instanceStartedAt',
        'reason',
        'duration_ms as durationMilliseconds',
        'renewals',
        'acquired_at as acquiredAt',
        'renewed_at as renewedAt',
        this.#database.now.as('now'),
      ]);
  }

  #columns({ holder, reason, durationMilliseconds }: NewTerm) {
    const { now } = this.#database;
    return {
      holder: holder.id,
      process_id: holder.processId,
      host: toStored(holder.host),
      app_version: holder.appVersion === null ? null : toStored(holder.appVersion),
      instance_started_at: holder.startedAt.getTime(),
      reason,
      duration_ms: durationMilliseconds,
      renewals: 0,
      acquired_at: now,
      renewed_at: now,
    };
  }

  #nextToken(before: unknown): RawBuilder<number> {
    return sql<number>`${sql.raw(this.#database.quotedSchema)}.next_token(${before})`;
  }

  /** On disk when it returns: after a crash a token that somebody has seen must not be given again, nor a term be taken for one that was not renewed. */
  #durable() {
    return sql<unknown>`${sql.raw(this.#database.quotedSchema)}.be_durable()`.as('durable');
  }
}

function isTerm({ name, holder, fencingToken }: TermKey) {
  return ({ eb, and }: LeaseExpressions) =>
    and([
      eb('name', '=', toStored(name)),
      eb('holder', '=', holder),
      eb('fencing_token', '=', fencingToken),
    ]);
}

function readRow(row: LeaseRow): LeaseRow {
  return {
    ...row,
    name: fromStored(row.name),
    host: fromStored(row.host),
    appVersion: row.appVersion === null ? null : fromStored(row.appVersion),
  };
}
