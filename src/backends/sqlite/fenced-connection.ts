import type { Database, Statement } from 'better-sqlite3';
import { InvalidTransactionError } from '../../contract/errors/index.ts';
import type { TransactionConnection, TransactionStatement } from './transaction-connection.ts';

/**
 * What `lease.transaction` hands to its work in place of the connection, so that nothing of it is left when the transaction is over. An iterator
 * that is left open keeps the transaction from being undone, with the write lock held; and one that is opened outside of it keeps the connection at
 * an old state of the file, in which it does not see what others revoke.
 */
export class FencedConnection implements TransactionConnection {
  readonly #connection: Database;
  #isOpen = false;

  constructor(connection: Database) {
    this.#connection = connection;
  }

  /** What `work` gives, which alone may use this connection. */
  during<T>(work: (connection: TransactionConnection) => T): T {
    this.#isOpen = true;
    try {
      return work(this);
    } finally {
      this.#isOpen = false;
    }
  }

  prepare(sql: string): TransactionStatement {
    this.#assertOpen();
    const statement: Statement<unknown[]> = this.#connection.prepare(sql);
    const inside =
      <Parameters extends unknown[], T>(call: (...parameters: Parameters) => T) =>
      (...parameters: Parameters): T => {
        this.#assertOpen();
        return call(...parameters);
      };
    return Object.freeze({
      run: inside((...parameters: unknown[]) => statement.run(...parameters)),
      get: inside((...parameters: unknown[]) => statement.get(...parameters)),
      all: inside((...parameters: unknown[]) => statement.all(...parameters)),
    });
  }

  exec(sql: string): void {
    this.#assertOpen();
    this.#connection.exec(sql);
  }

  #assertOpen(): void {
    if (this.#isOpen) return;
    throw new InvalidTransactionError(
      'The connection of lease.transaction was used after its work had returned, or before. Nothing was read or written. ' +
        'Keep its statements if you like, but run them inside lease.transaction; for everything else open the file with a connection of your own.',
    );
  }
}
