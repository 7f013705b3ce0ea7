import type { Database } from 'better-sqlite3';
import SqliteConnection from 'better-sqlite3';
import { withConnection } from '../../support/sqlite-file.ts';

/** What the app's own store says of a token that is valid. */
export interface Login {
  readonly user: number;
  /** Of the last change of this row. */
  readonly version: number;
}

/** Who is stopped in the middle of a write keeps the others waiting. */
const LOCK_WAIT_MILLISECONDS = 60_000;

/** Each token is valid, and of some user. */
export function createAppStore(file: string, tokens: number, users: number): void {
  withConnection(file, (connection) => {
    // Here, and not by each process: where two change the mode at once, SQLite lets one of them wait for nothing and fail.
    connection.pragma('journal_mode = wal');
    connection.exec(`
      create table logins (token integer primary key, user integer not null, version integer not null, is_valid integer not null);
      create table versions (last integer not null);
      insert into versions (last) values (0)`);
    const insert = connection.prepare('insert into logins values (?, ?, 0, 1)');
    for (let token = 0; token < tokens; token++) insert.run(token, token % users);
  });
}

/**
 * The store of the app behind the cache, the source of truth. In a file of its own, so that no commit to it makes anybody look at the file of the
 * sessions. Each change is one transaction, and gives a version that is higher than all before.
 */
export class AppStore implements Disposable {
  readonly #connection: Database;
  readonly #select;
  readonly #set;
  readonly #setOfUser;
  readonly #setAll;
  readonly #nextVersion;

  constructor(file: string) {
    const connection = new SqliteConnection(file, { timeout: LOCK_WAIT_MILLISECONDS });
    connection.pragma('synchronous = off');
    this.#connection = connection;
    this.#nextVersion = connection
      .prepare<[], number>('update versions set last = last + 1 returning last')
      .pluck();
    this.#select = connection.prepare<[number], Login>(
      'select user, version from logins where token = ? and is_valid',
    );
    this.#set = connection.prepare(
      'update logins set version = ?, user = ?, is_valid = ? where token = ?',
    );
    this.#setOfUser = connection.prepare(
      'update logins set version = ?, is_valid = ? where user = ? and token <> ?',
    );
    this.#setAll = connection.prepare('update logins set version = ?, is_valid = 1');
  }

  find(token: number): Login | undefined {
    return this.#select.get(token);
  }

  change(token: number, user: number, isValid: boolean): number {
    return this.#inOne((version) => this.#set.run(version, user, Number(isValid), token));
  }

  changeOfUser(user: number, isValid: boolean, exceptToken: number): number {
    return this.#inOne((version) =>
      this.#setOfUser.run(version, Number(isValid), user, exceptToken),
    );
  }

  changeAll(): number {
    return this.#inOne((version) => this.#setAll.run(version));
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  #inOne(work: (version: number) => void): number {
    this.#connection.exec('begin immediate');
    const version = this.#nextVersion.get() as number;
    work(version);
    this.#connection.exec('commit');
    return version;
  }
}
