/**
 * What `lease.transaction` hands to its work: the `better-sqlite3` connection of the database, of which this is the part that a
 * transaction needs. Whoever works with `better-sqlite3`'s own types may cast it to its `Database`.
 */
export interface TransactionConnection {
  /** Prepares one statement; keep it for as long as the database is open, and run it inside transactions only. */
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
