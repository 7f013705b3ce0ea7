import { isDeepStrictEqual } from 'node:util';
import {
  DatabaseJobLedger,
  DatabaseLeaseStore,
  DatabaseSessionCache,
  type OnehostDatabase,
  sessionIdOf,
} from '../../../src/index.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import {
  JOB,
  type JournalLine,
  type Operation,
  type StoredSession,
  TOKENS,
  USERS,
} from './operations.ts';

/** How far back the records of ticks are compared: the ledger keeps the newest ones only. */
const TICKS_COMPARED = 100;

/** What must be in the file: all that has returned. */
export class Account {
  sessions = new Map<string, StoredSession>();
  /** The lower number of each pair. */
  pairs = new Set<number>();
  begun: number[] = [];
  finished = new Set<number>();
  /** The tick whose run the present term may finish. */
  #running: number | null = null;
  handledUntil = 0;
  /** The highest one that anybody has seen. */
  fencingToken = 0;

  copy(): Account {
    const copy = new Account();
    copy.sessions = new Map(this.sessions);
    copy.pairs = new Set(this.pairs);
    copy.begun = [...this.begun];
    copy.finished = new Set(this.finished);
    copy.#running = this.#running;
    copy.handledUntil = this.handledUntil;
    copy.fencingToken = this.fencingToken;
    return copy;
  }

  /** Takes in the journal of a round; what was under way when it ended, or `null`. */
  readJournal(lines: readonly JournalLine[]): Operation | null {
    let underWay: Operation | null = null;
    for (const line of lines) {
      if ('begins' in line) {
        underWay = line.begins;
      } else if (underWay !== null) {
        this.apply(underWay);
        this.fencingToken = Math.max(this.fencingToken, line.returned);
        underWay = null;
      }
    }
    return underWay;
  }

  apply(operation: Operation): void {
    switch (operation.does) {
      case 'set': {
        const { token, userId, text } = operation;
        this.sessions.set(token, { userId, text });
        break;
      }
      case 'invalidate':
        this.sessions.delete(operation.token);
        break;
      case 'invalidate-by-user':
        for (const [token, { userId }] of this.sessions) {
          if (userId === operation.userId) this.sessions.delete(token);
        }
        break;
      case 'clear':
        this.sessions.clear();
        break;
      case 'transaction':
        this.pairs.add(2 * operation.number);
        break;
      case 'begin':
        this.begun.push(operation.tick);
        this.#running = operation.tick;
        this.handledUntil = operation.tick;
        break;
      case 'finish':
        if (this.#running !== null) this.finished.add(this.#running);
        break;
      case 'take':
        this.#running = null;
        break;
      case 'record-missed':
        this.handledUntil = operation.tick;
        break;
      default:
    }
  }
}

/** What the file has, read through one open database. */
function read(database: OnehostDatabase): Account {
  const found = new Account();
  const sessions = new DatabaseSessionCache<StoredSession>(database);
  const tokens = Array.from({ length: TOKENS }, (_, number) => `token ${number}`);
  const tokenById = new Map(tokens.map((token) => [sessionIdOf(token), token]));
  for (let userId = 0; userId < USERS; userId++) {
    for (const { id, session } of sessions.listByUser(userId)) {
      const token = tokenById.get(id);
      if (token !== undefined) found.sessions.set(token, session);
    }
  }
  const [lease] = new DatabaseLeaseStore(database).list();
  found.fencingToken = lease?.fencingToken ?? 0;
  found.pairs = pairsIn(database.file);
  const ledger = new DatabaseJobLedger(database);
  found.handledUntil = ledger.jobs()[0]?.handledUntil.getTime() ?? 0;
  const runs = ledger.runs(JOB, { limit: 1000 }).filter(({ outcome }) => outcome !== 'missed');
  found.begun = runs.map(({ scheduledFor }) => scheduledFor.getTime()).reverse();
  found.finished = new Set(
    runs
      .filter(({ outcome }) => outcome === 'succeeded')
      .map(({ scheduledFor }) => scheduledFor.getTime()),
  );
  sessions.close();
  return found;
}

/**
 * Whether the file holds what has returned, or that and what was under way as a whole: which of the two, and what differs from both.
 */
export function settle(
  database: OnehostDatabase,
  expected: Account,
  underWay: Operation | null,
): { readonly account: Account; readonly differences: string[] } {
  const found = read(database);
  const withIt = expected.copy();
  if (underWay !== null) withIt.apply(underWay);
  const differences = differingParts(found, expected);
  const account = differences.length === 0 ? expected : withIt;
  if (found.fencingToken < expected.fencingToken)
    return { account, differences: ['fencing token'] };
  account.fencingToken = found.fencingToken;
  return { account, differences: account === expected ? [] : differingParts(found, withIt) };
}

function differingParts(found: Account, expected: Account): string[] {
  const newest = ({ begun }: Account) => begun.slice(-TICKS_COMPARED);
  const parts: Record<string, (account: Account) => unknown> = {
    sessions: ({ sessions }) => sessions,
    pairs: ({ pairs }) => pairs,
    handledUntil: ({ handledUntil }) => handledUntil,
    begun: newest,
    finished: (account) => newest(account).filter((tick) => account.finished.has(tick)),
  };
  return Object.entries(parts)
    .filter(([, part]) => !isDeepStrictEqual(part(found), part(expected)))
    .map(([name]) => name);
}

/** @throws Error for half a pair. */
function pairsIn(file: string): Set<number> {
  return withConnection(file, (connection) => {
    const exists = connection.prepare("select 1 from sqlite_schema where name = 'pairs'").get();
    if (exists === undefined) return new Set<number>();
    const numbers = connection.prepare<[], number>('select number from pairs').pluck().all();
    const all = new Set(numbers);
    const half = numbers.find((number) => !all.has(number % 2 === 0 ? number + 1 : number - 1));
    if (half !== undefined) throw new Error(`Half a transaction is there: ${half}.`);
    return new Set(numbers.filter((number) => number % 2 === 0));
  });
}
