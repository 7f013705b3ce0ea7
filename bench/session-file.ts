import { closeSync, fsyncSync, openSync, renameSync } from 'node:fs';
import SqliteConnection, { type Database } from 'better-sqlite3';
import { openDatabase } from 'onehost';
import { login, tokenOf } from './requests.ts';
import { bytesOfHash, entryInserter } from './stores/session-table.ts';

/** About, with its share of the indexes. */
export const BYTES_PER_SESSION = 460;

/** How many bits of a key number the session; the others are the first ones of its hash. */
const NUMBER_BITS = 24;
const ROWS_PER_PROGRESS = 250_000;

/**
 * Makes a database with the sessions 0 to `sessions - 1`, up to 16 million of them, some 100,000 a second: in
 * the order of their hashes, and the indexes at the end. Its pages are fuller than those of a file that grew.
 */
export async function buildSessionFile(
  file: string,
  sessions: number,
  progress: (text: string) => void,
): Promise<void> {
  const unfinished = `${file}.unfinished`;
  (await openDatabase(unfinished)).close();
  const connection = new SqliteConnection(unfinished);
  try {
    // Nothing of it need outlive a crash: the file is not at its place until it is whole.
    for (const pragma of ['journal_mode = off', 'synchronous = off', 'cache_size = -524288']) {
      connection.pragma(pragma);
    }
    const restoreIndexes = dropIndexes(connection);
    insertAll(connection, sessions, progress);
    progress('making the indexes');
    restoreIndexes();
  } finally {
    connection.close();
  }
  // Or the kernel would write it while others are measured.
  const descriptor = openSync(unfinished, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(unfinished, file);
}

function insertAll(connection: Database, sessions: number, progress: (text: string) => void): void {
  const insert = entryInserter(connection);
  connection.exec('begin');
  let done = 0;
  for (const key of inOrderOfHashes(sessions, progress)) {
    insert(login(Number(BigInt.asUintN(NUMBER_BITS, key))));
    if (++done % ROWS_PER_PROGRESS === 0) progress(`inserted ${done} of ${sessions} sessions`);
  }
  connection.exec('commit');
}

/** Sorted 64-bit keys, each with the number of a session at its end. */
function inOrderOfHashes(sessions: number, progress: (text: string) => void): BigInt64Array {
  const keys = new BigInt64Array(sessions);
  for (let n = 0; n < sessions; n++) {
    const start = bytesOfHash(tokenOf(n)).readBigInt64BE();
    keys[n] = start - BigInt.asUintN(NUMBER_BITS, start) + BigInt(n);
    if ((n + 1) % ROWS_PER_PROGRESS === 0) progress(`hashed ${n + 1} of ${sessions} tokens`);
  }
  return keys.sort();
}

/** A function that makes them again, as they were. */
function dropIndexes(connection: Database): () => void {
  const indexes = connection
    .prepare<[], { name: string; sql: string }>(
      `select name, sql from sqlite_schema
         where type = 'index' and tbl_name = 'onehost_sessions' and sql is not null`,
    )
    .all();
  for (const { name } of indexes) connection.exec(`drop index ${name}`);
  return () => {
    for (const { sql } of indexes) connection.exec(sql);
  };
}
