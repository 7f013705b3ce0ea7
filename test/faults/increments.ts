import type { Database } from 'better-sqlite3';
import { withConnection } from '../support/sqlite-file.ts';

/** One row of a counter that nothing but the lease protects. */
export interface Increment {
  readonly n: number;
  readonly token: number;
}

export function createIncrements(file: string): void {
  withConnection(file, (connection) => {
    connection.exec('create table increments (n integer not null, token integer not null)');
  });
}

/** In the order of the commits. */
export function readIncrements(file: string): Increment[] {
  return withConnection(file, (connection: Database) =>
    connection.prepare<[], Increment>('select n, token from increments order by rowid').all(),
  );
}

/**
 * What a lost update, a late write or a repeated token would leave in the table: a number twice or left out, or a token
 * after a higher one.
 */
export function violationsOf(increments: readonly Increment[]): string[] {
  return increments.flatMap(({ n, token }, index) => {
    const before = increments[index - 1];
    return [
      ...(n === index + 1 ? [] : [`${n} stands in the place of ${index + 1}`]),
      ...(before === undefined || before.token <= token ? [] : [`${token} after ${before.token}`]),
    ];
  });
}
