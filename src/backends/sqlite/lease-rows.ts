import type { Database } from 'better-sqlite3';
import { sql } from 'kysely';
import type { KeptLease } from '../../lease-keeping/lease-records.ts';
import { prepare, statement } from './statement.ts';

/** A lease in the file. */
export interface LeaseRow extends KeptLease {
  readonly renewedMonotonic: number;
  readonly bootId: string;
}

/** What names one term in the file. */
export type TermKey = Pick<LeaseRow, 'name' | 'fencingToken'> & { readonly holder: string };

const COLUMNS = [
  'name',
  'fencing_token as fencingToken',
  'replaced_token as replacedToken',
  'holder',
  'process_id as processId',
  'host',
  'app_version as appVersion',
  'instance_started_at as instanceStartedAt',
  'reason',
  'duration_milliseconds as durationMilliseconds',
  'renewals',
  'renewed_monotonic as renewedMonotonic',
  'boot_id as bootId',
  'acquired_at as acquiredAt',
  'renewed_at as renewedAt',
] as const;

const selectLease = statement<{ name: string }>()((db, param) =>
  db.selectFrom('onehost_leases').select(COLUMNS).where('name', '=', param('name')),
);

const selectLeases = statement()((db) =>
  db.selectFrom('onehost_leases').select(COLUMNS).orderBy('name'),
);

const selectTerm = statement<TermKey>()((db, param) =>
  db
    .selectFrom('onehost_leases')
    .select('name')
    .where('name', '=', param('name'))
    .where('holder', '=', param('holder'))
    .where('fencing_token', '=', param('fencingToken')),
);

const selectOfHolder = statement<{ holder: string }>()((db, param) =>
  db
    .selectFrom('onehost_leases')
    .select('name')
    .where('holder', '=', param('holder'))
    .limit(sql.lit(1)),
);

const replaceTerm = statement<LeaseRow>()((db, param) =>
  db
    .insertInto('onehost_leases')
    .values({
      name: param('name'),
      fencing_token: param('fencingToken'),
      replaced_token: param('replacedToken'),
      holder: param('holder'),
      process_id: param('processId'),
      host: param('host'),
      app_version: param('appVersion'),
      instance_started_at: param('instanceStartedAt'),
      reason: param('reason'),
      duration_milliseconds: param('durationMilliseconds'),
      renewals: param('renewals'),
      renewed_monotonic: param('renewedMonotonic'),
      boot_id: param('bootId'),
      acquired_at: param('acquiredAt'),
      renewed_at: param('renewedAt'),
    })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({
        fencing_token: eb.ref('excluded.fencing_token'),
        replaced_token: eb.ref('excluded.replaced_token'),
        holder: eb.ref('excluded.holder'),
        process_id: eb.ref('excluded.process_id'),
        host: eb.ref('excluded.host'),
        app_version: eb.ref('excluded.app_version'),
        instance_started_at: eb.ref('excluded.instance_started_at'),
        reason: eb.ref('excluded.reason'),
        duration_milliseconds: eb.ref('excluded.duration_milliseconds'),
        renewals: eb.ref('excluded.renewals'),
        renewed_monotonic: eb.ref('excluded.renewed_monotonic'),
        boot_id: eb.ref('excluded.boot_id'),
        acquired_at: eb.ref('excluded.acquired_at'),
        renewed_at: eb.ref('excluded.renewed_at'),
      })),
    ),
);

const updateRenewed = statement<
  TermKey & Pick<LeaseRow, 'renewedMonotonic' | 'bootId' | 'renewedAt'>
>()((db, param) =>
  db
    .updateTable('onehost_leases')
    .set((eb) => ({
      renewals: eb('renewals', '+', sql.lit(1)),
      renewed_monotonic: param('renewedMonotonic'),
      boot_id: param('bootId'),
      renewed_at: param('renewedAt'),
    }))
    .where('name', '=', param('name'))
    .where('holder', '=', param('holder'))
    .where('fencing_token', '=', param('fencingToken')),
);

const updateReleased = statement<TermKey>()((db, param) =>
  db
    .updateTable('onehost_leases')
    .set({ holder: sql.lit(null) })
    .where('name', '=', param('name'))
    .where('holder', '=', param('holder'))
    .where('fencing_token', '=', param('fencingToken')),
);

const updateReleasedByHolder = statement<{ holder: string }>()((db, param) =>
  db
    .updateTable('onehost_leases')
    .set({ holder: sql.lit(null) })
    .where('holder', '=', param('holder')),
);

/** The statements on the leases, prepared. Whatever changes a term names it exactly: by holder and fencing token. */
export class LeaseRows {
  readonly #select;
  readonly #selectAll;
  readonly #selectTerm;
  readonly #replace;
  readonly #renew;
  readonly #release;
  readonly #releaseAll;
  readonly #selectOfHolder;

  constructor(connection: Database) {
    this.#select = prepare(connection, selectLease);
    this.#selectAll = prepare(connection, selectLeases);
    this.#selectTerm = prepare(connection, selectTerm);
    this.#replace = prepare(connection, replaceTerm);
    this.#renew = prepare(connection, updateRenewed);
    this.#release = prepare(connection, updateReleased);
    this.#releaseAll = prepare(connection, updateReleasedByHolder);
    this.#selectOfHolder = prepare(connection, selectOfHolder);
  }

  find(name: string): LeaseRow | undefined {
    return this.#select.get({ name });
  }

  list(): LeaseRow[] {
    return this.#selectAll.all({});
  }

  isCurrent(term: TermKey): boolean {
    return this.#selectTerm.get(term) !== undefined;
  }

  /** Begins a term in place of the one before. */
  begin(row: LeaseRow): void {
    this.#replace.run(row);
  }

  /** Whether the term is the current one. */
  renew(term: TermKey, at: Pick<LeaseRow, 'renewedMonotonic' | 'bootId' | 'renewedAt'>): boolean {
    return this.#renew.run({ ...term, ...at }).changes > 0;
  }

  /** Whether the instance is the holder of any lease. */
  isHolder(instanceId: string): boolean {
    return this.#selectOfHolder.get({ holder: instanceId }) !== undefined;
  }

  /** Ends every term of an instance. */
  releaseAll(instanceId: string): void {
    this.#releaseAll.run({ holder: instanceId });
  }

  /** Whether the term was the current one. */
  release(term: TermKey): boolean {
    return this.#release.run(term).changes > 0;
  }
}
