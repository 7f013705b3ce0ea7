import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Database } from 'better-sqlite3';
import { withConnection } from '../support/sqlite-file.ts';

/** One row of a counter that nothing but the lease protects. */
export interface Increment {
  readonly n: number;
  readonly token: number;
  /** The instance that wrote it. */
  readonly holder: string;
}

const ACKNOWLEDGED = '-acknowledged-';

export function createIncrements(file: string): void {
  withConnection(file, (connection) => {
    connection.exec(
      'create table increments (n integer not null, token integer not null, holder text not null)',
    );
  });
}

/** In the order of the commits. */
export function readIncrements(file: string): Increment[] {
  return withConnection(file, (connection: Database) =>
    connection
      .prepare<[], Increment>('select n, token, holder from increments order by rowid')
      .all(),
  );
}

/** Where a process writes down which of its increments have returned; what it has written outlives it. */
export class Acknowledgements {
  readonly #descriptor: number;

  constructor(file: string) {
    this.#descriptor = openSync(`${file}${ACKNOWLEDGED}${process.pid}`, 'a');
  }

  add({ n, token, holder }: Increment): void {
    writeSync(this.#descriptor, `${JSON.stringify({ n, token, holder })}\n`);
  }
}

/** Of all processes, also of those that were killed. */
export function readAcknowledged(file: string): Increment[] {
  const folder = path.dirname(file);
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${path.basename(file)}${ACKNOWLEDGED}`))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => JSON.parse(line));
}

/**
 * What a lost update, a late write, a repeated token or a second writer would leave: a number twice or left out, a token after a higher one,
 * two holders of one token, or no row for an increment that had returned.
 */
export function violationsOf(
  increments: readonly Increment[],
  acknowledged: readonly Increment[] = [],
): string[] {
  const holders = new Map<number, string>();
  const inOrder = increments.flatMap(({ n, token, holder }, index) => {
    const before = increments[index - 1];
    const other = holders.get(token) ?? holder;
    holders.set(token, holder);
    return [
      ...(n === index + 1 ? [] : [`${n} stands in the place of ${index + 1}`]),
      ...(before === undefined || before.token <= token ? [] : [`${token} after ${before.token}`]),
      ...(other === holder ? [] : [`${token} was of ${other} and of ${holder}`]),
    ];
  });
  const lost = acknowledged.filter(({ n, token }) => increments[n - 1]?.token !== token);
  return [...inOrder, ...lost.map(({ n, token }) => `${n} of ${token} had returned, and is gone`)];
}
