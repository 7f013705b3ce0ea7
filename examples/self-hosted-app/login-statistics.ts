import type { Database, Statement, Transaction } from 'better-sqlite3';

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
 * What a job has counted, in the app's own file, which refuses a worker that has lost the lease of the jobs: it remembers the highest fencing token
 * that has come by, and takes nothing from a lower one. So it does not matter where the leases are.
 *
 * (An app whose leases are in a database, onehost's SQLite file or PostgreSQL, can write its tables there by `context.transaction` instead, and has no
 * token to keep.)
 *
 * The tick is not unique in the table. That none is counted twice is what the scheduler is for, and `npm run demo` looks here
 * whether it is so; a unique key would hide it.
 */
export class LoginStatistics {
  readonly #latest: Statement<[number], Row>;
  readonly #raise: Statement<[number]>;
  readonly #add: Transaction<(counted: CountedLogins, fencingToken: number) => boolean>;

  /** @param database the app's own, with the tables of `createTables`. */
  constructor(database: Database) {
    this.#latest = database.prepare(`
      select counted_for as countedFor, logins, worker
      from login_statistics order by counted_for desc limit ?`);
    this.#raise = database.prepare('update login_statistics_fence set token = max(token, ?)');
    const token = database.prepare<[], number>('select token from login_statistics_fence').pluck();
    const insert = database.prepare<[number, number, number]>(
      'insert into login_statistics (counted_for, logins, worker) values (?, ?, ?)',
    );
    const removeOld = database.prepare<[number]>(
      'delete from login_statistics where counted_for < ?',
    );
    this.#add = database.transaction(({ countedFor, logins, worker }, fencingToken) => {
      if ((token.get() ?? 0) > fencingToken) return false;
      insert.run(countedFor.getTime(), logins, worker);
      removeOld.run(countedFor.getTime() - KEPT_MILLISECONDS);
      return true;
    });
  }

  /** From now on nothing is taken that comes with a lower token. */
  begin(fencingToken: number): void {
    this.#raise.run(fencingToken);
  }

  /** Adds one, and removes what is older than a month; `false` when a higher token has come by, and nothing was written. */
  add(counted: CountedLogins, fencingToken: number): boolean {
    return this.#add.immediate(counted, fencingToken);
  }

  /** The newest first. */
  latest(most: number): CountedLogins[] {
    return this.#latest.all(most).map((row) => ({ ...row, countedFor: new Date(row.countedFor) }));
  }
}
