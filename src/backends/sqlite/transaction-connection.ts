/**
 * What `lease.transaction` hands to its work: the connection of the database, for as long as the work runs. There is nothing to iterate, since what is
 * left open would hold the write lock.
 */
export interface TransactionConnection {
  /**
   * Prepares one statement. It may be kept for as long as the database is open, and run inside transactions only.
   *
   * @throws InvalidTransactionError outside of the transaction, and so do `exec` and the methods of a statement.
   */
  prepare(sql: string): TransactionStatement;
  /** Runs statements that give nothing back. */
  exec(sql: string): unknown;
}

/** Parameters are given one by one, or by name in one object. */
export interface TransactionStatement {
  run(...parameters: unknown[]): {
    readonly changes: number;
    readonly lastInsertRowid: number | bigint;
  };
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown[];
}
