import { describe, expect, test } from 'vitest';
import { DatabaseSessionCache, type OnehostDatabase, openDatabase } from '../../../src/index.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { Account, settle } from './account.ts';
import { type StoredSession, TOKENS } from './operations.ts';
import { Writers } from './writers.ts';

const SEED = Number(process.env['ONEHOST_CRASH_SEED'] ?? Date.now() % 1e9);
/** ONEHOST_CRASH_ROUNDS=500 is the long form. */
const ROUNDS = Number(process.env['ONEHOST_CRASH_ROUNDS'] ?? 25);
/** In so many rounds a new file is begun, and its writer may be killed while it makes it. */
const ROUNDS_PER_FILE = 5;
const LONGEST_ROUND_MILLISECONDS = 80;

/** A process that has the file open all the while, and what it may keep in memory. */
interface Survivor {
  readonly database: OnehostDatabase;
  readonly sessions: DatabaseSessionCache<StoredSession>;
}

describe(`a process that is killed while it writes, ${ROUNDS} times (ONEHOST_CRASH_SEED=${SEED})`, () => {
  test(
    'leaves all that has returned, nothing half done, and a sound file, for those that open it and those that have it open',
    async () => {
      using folder = new TemporaryFolder();
      using programs = new TemporaryFolder();
      using writers = new Writers(programs.path);
      const random = randomNumbers(SEED);
      let account = new Account();
      let file = '';
      let survivor: Survivor | null = null;
      let killedInside = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const isNew = round % ROUNDS_PER_FILE === 0;
        if (isNew) {
          survivor?.database.close();
          survivor = null;
          account = new Account();
          file = folder.file(`${round}.db`);
        } else if (survivor === null && random() < 0.5) {
          survivor = await openSurvivor(file);
        }
        const journal = await writers.writeFor(random() * LONGEST_ROUND_MILLISECONDS, {
          file,
          journal: folder.file(`${round}.journal`),
          round,
          seed: SEED + round,
          countsFrom: isNew ? 'opening' : 'writing',
        });
        const underWay = account.readJournal(journal);
        if (underWay !== null) killedInside++;
        const where = `round ${round}, ${survivor === null ? 'opened' : 'open'}, ${JSON.stringify(underWay)?.slice(0, 100)}`;
        const database: OnehostDatabase = survivor?.database ?? (await openDatabase(file));
        const settled = settle(database, account, underWay);
        expect(settled.differences, where).toEqual([]);
        account = settled.account;
        if (survivor === null) database.close();
        else expectSameInMemory(survivor, account, where);
        expectSound(file, where);
      }
      survivor?.database.close();
      // Some of those that make a file are killed before they write, or in the moment between two writes.
      expect(killedInside).toBeGreaterThan(ROUNDS / 2);
    },
    10_000 * ROUNDS,
  );
});

async function openSurvivor(file: string): Promise<Survivor> {
  const database = await openDatabase(file);
  return { database, sessions: new DatabaseSessionCache<StoredSession>(database) };
}

/** What it kept in memory in the rounds before included. */
function expectSameInMemory({ sessions }: Survivor, account: Account, where: string): void {
  for (let number = 0; number < TOKENS; number++) {
    const token = `token ${number}`;
    expect(sessions.get(token), `${token}, ${where}`).toEqual(account.sessions.get(token) ?? null);
  }
}

/** Every page, and every row in each index. */
function expectSound(file: string, where: string): void {
  withConnection(file, (connection) => {
    expect(connection.pragma('integrity_check', { simple: true }), where).toBe('ok');
    expect(connection.pragma('foreign_key_check'), where).toEqual([]);
  });
}
