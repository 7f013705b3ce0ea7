import SqliteDatabase, { type Database, type Statement } from 'better-sqlite3';
import type { TransactionConnection } from 'onehost';

/** How many logins were live, as the tick of a job counted them. */
export interface CountedLogins {
  readonly countedFor: Date;
  readonly logins: number;
  /** The number of the worker that counted. */
  readonly worker: number;
}

interface Row {
  readonly countedFor: number;
  readonly logins: number;
  readonly worker: number;
}

const KEPT_MILLISECONDS = 31 * 24 * 60 * 60 * 1000;

/**
 * Makes the table, in onehost's file: what is written under a lease must stand where the lease does.
 *
 * The tick is not unique in it. That none is counted twice is what the scheduler is for, and `npm run demo` looks here
 * whether it is so; a unique key would hide it.
 */
export function createStatisticsTable(connection: TransactionConnection): void {
  connection.exec(`
    create table if not exists login_statistics (
      counted_for integer not null,  -- the tick; milliseconds since 1970
      logins      integer not null,
      worker      integer not null
    ) strict;
    create index if not exists login_statistics_by_tick on login_statistics (counted_for);
  `);
}

/** Adds one, and removes what is older than a month. */
export function addStatistics(connection: TransactionConnection, counted: CountedLogins): void {
  const countedFor = counted.countedFor.getTime();
  connection
    .prepare('insert into login_statistics (counted_for, logins, worker) values (?, ?, ?)')
    .run(countedFor, counted.logins, counted.worker);
  connection
    .prepare('delete from login_statistics where counted_for < ?')
    .run(countedFor - KEPT_MILLISECONDS);
}

/**
 * What was counted, for reading: onehost hands out its own connection for writing under a lease alone.
 *
 * A second connection to a file that this process has open is sound as long as both are of one copy of SQLite: the
 * app's `better-sqlite3` must be the one that onehost uses (`npm ls better-sqlite3` shows one version).
 */
export class LoginStatistics {
  readonly #database: Database;
  readonly #latest: Statement<[number], Row>;

  /** @param file onehost's, in which the table has been made. */
  constructor(file: string) {
    this.#database = new SqliteDatabase(file, { readonly: true, timeout: 5000 });
    this.#latest = this.#database.prepare(`
      select counted_for as countedFor, logins, worker
      from login_statistics order by counted_for desc limit ?`);
  }

  /** The newest first. */
  latest(most: number): CountedLogins[] {
    return this.#latest.all(most).map((row) => ({ ...row, countedFor: new Date(row.countedFor) }));
  }

  close(): void {
    this.#database.close();
  }
}
