import { hash } from 'node:crypto';
import type { Database, Statement, Transaction } from 'better-sqlite3';
import { sessionIdOf } from 'onehost';

/** A login as the store of record has it. Times are milliseconds since 1970. */
export interface Login {
  readonly id: string;
  readonly userId: number;
  readonly userName: string;
  readonly device: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface NewLogin {
  readonly userId: number;
  readonly device: string;
  readonly expiresAt: number;
}

const SELECT_LIVE = `
  select logins.id, user_id as userId, users.name as userName, device,
         created_at as createdAt, expires_at as expiresAt
  from logins join users on users.id = user_id
  where expires_at > :now`;

/**
 * The app's table of logins: what it says is what holds, the session cache only remembers it. Every
 * method that ends a login is followed by the invalidation that belongs to it (see sessions.ts).
 */
export class Logins {
  readonly #find: Statement<[{ tokenHash: Buffer; now: number }], Login>;
  readonly #ofUser: Statement<[{ userId: number; now: number }], Login>;
  readonly #renew: Statement<[{ tokenHash: Buffer; expiresAt: number; now: number }]>;
  readonly #remove: Statement<[Buffer]>;
  readonly #removeById: Statement<[number, string]>;
  readonly #removeOthers: Statement<[number, Buffer]>;
  readonly #removeExpired: Statement<[{ now: number; most: number }]>;
  readonly #countLive: Statement<[{ now: number }], { logins: number }>;
  readonly #add: Transaction<(token: string, login: NewLogin, keepOtherDevices: boolean) => void>;

  constructor(database: Database) {
    this.#find = database.prepare(`${SELECT_LIVE} and token_hash = :tokenHash`);
    this.#ofUser = database.prepare(
      `${SELECT_LIVE} and user_id = :userId order by created_at desc`,
    );
    this.#renew = database.prepare(
      'update logins set expires_at = :expiresAt where token_hash = :tokenHash and expires_at > :now',
    );
    this.#remove = database.prepare('delete from logins where token_hash = ?');
    this.#removeById = database.prepare('delete from logins where user_id = ? and id = ?');
    this.#removeOthers = database.prepare(
      'delete from logins where user_id = ? and token_hash <> ?',
    );
    this.#removeExpired = database.prepare(`
      delete from logins where token_hash in
        (select token_hash from logins where expires_at <= :now limit :most)`);
    this.#countLive = database.prepare(
      'select count(*) as logins from logins where expires_at > :now',
    );
    const insert = database.prepare(
      'insert into logins (token_hash, id, user_id, device, created_at, expires_at) values (?, ?, ?, ?, ?, ?)',
    );
    this.#add = database.transaction(
      (token: string, login: NewLogin, keepOtherDevices: boolean) => {
        const now = Date.now();
        const { userId, device, expiresAt } = login;
        const tokenHash = hashOf(token);
        if (!keepOtherDevices) this.#removeOthers.run(userId, tokenHash);
        insert.run(tokenHash, sessionIdOf(token), userId, device, now, expiresAt);
      },
    );
  }

  find(token: string): Login | undefined {
    return this.#find.get({ tokenHash: hashOf(token), now: Date.now() });
  }

  /** The live ones, the newest first. */
  ofUser(userId: number): Login[] {
    return this.#ofUser.all({ userId, now: Date.now() });
  }

  /** Adds a login; unless `keepOtherDevices`, those the user had are gone in the same instant. */
  add(token: string, login: NewLogin, keepOtherDevices: boolean): void {
    this.#add.immediate(token, login, keepOtherDevices);
  }

  /** Whether there was a live one to renew. */
  renew(token: string, expiresAt: number): boolean {
    return this.#renew.run({ tokenHash: hashOf(token), expiresAt, now: Date.now() }).changes > 0;
  }

  remove(token: string): void {
    this.#remove.run(hashOf(token));
  }

  /** Whether the user had it. */
  removeById(userId: number, id: string): boolean {
    return this.#removeById.run(userId, id).changes > 0;
  }

  removeOthers(userId: number, token: string): void {
    this.#removeOthers.run(userId, hashOf(token));
  }

  /** How many were removed, `most` of them at most; until then they take up room, and nothing else. */
  removeExpired(most: number): number {
    return this.#removeExpired.run({ now: Date.now(), most }).changes;
  }

  countLive(): number {
    return this.#countLive.get({ now: Date.now() })?.logins ?? 0;
  }
}

function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
