import type { Database, Statement } from 'better-sqlite3';
import { DECOY_HASH, hashPassword, verifyPassword } from './passwords.ts';

export interface User {
  readonly id: number;
  readonly name: string;
}

interface UserRow extends User {
  readonly passwordHash: string;
}

/** Who may log in. */
export class Users {
  readonly #find: Statement<[string], UserRow>;
  readonly #insert: Statement<[string, string]>;
  readonly #count: Statement<[], { users: number }>;

  constructor(database: Database) {
    this.#find = database.prepare(
      'select id, name, password_hash as passwordHash from users where name = ?',
    );
    this.#insert = database.prepare('insert into users (name, password_hash) values (?, ?)');
    this.#count = database.prepare('select count(*) as users from users');
  }

  hasAny(): boolean {
    return (this.#count.get()?.users ?? 0) > 0;
  }

  async add(name: string, password: string): Promise<void> {
    this.#insert.run(name, await hashPassword(password));
  }

  /** The user with this name and password, or `null`; a wrong name takes as long as a wrong password. */
  async authenticate(name: string, password: string): Promise<User | null> {
    const row = this.#find.get(name);
    const isRight = await verifyPassword(password, row?.passwordHash ?? DECOY_HASH);
    return row !== undefined && isRight ? { id: row.id, name: row.name } : null;
  }
}
