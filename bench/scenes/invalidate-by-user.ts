import path from 'node:path';
import SqliteConnection from 'better-sqlite3';
import { work } from '../batch-loop.ts';
import { compareTimes } from '../compare.ts';
import type { Contestant } from '../measure.ts';
import { type BatchRequest, login } from '../requests.ts';
import type { Stage } from '../stage.ts';
import { entryInserter } from '../stores/session-table.ts';
import { enterOnehost, enterRaw } from './entrants.ts';
import type { Scene } from './scene.ts';
import { sessionCount } from './session-count.ts';

const OTHER_SESSIONS = 10_000;
/** Beyond the ids that {@link login} gives. */
const FIRST_USER_ID = 1_000_000;

export const invalidateByUser: Scene = {
  name: 'invalidate-by-user',
  title: 'Invalidate all sessions of a user',
  about:
    'Users with 1, 10 and 1,000 sessions each, beside 10,000 sessions of others; on disk when the call returns ' +
    '(synchronous=FULL). Raw: begin immediate; delete returning; insert the change of the user and of each ' +
    'session; commit. The peers have no index by user.',
  of: 'the time of one invalidateByUser',
  unit: 'nanoseconds',
  seconds: { full: 70, quick: 20 },
  async run(context) {
    const { stage } = context;
    const contestants: Contestant[] = [];
    for (const group of [1, 10, 1000].map(sessionCount)) {
      const files = [newFile(stage), newFile(stage)] as const;
      const onehost = await enterOnehost(stage, 'seen by all processes at once', {}, files[0]);
      const raw = {
        ...enterRaw(stage, 'power-loss', files[1]).alone,
        note: 'what an app would write by hand',
      };
      for (const [place, entrant] of [onehost, raw].entries()) {
        contestants.push({
          ...entrant,
          group,
          work: work(entrant.store, 'invalidateByUser', 'at once'),
          prepare: loggingIn(stage, files[place] as string, group.position),
        });
      }
    }
    return { rows: await compareTimes(context, contestants, { operations: 500, batchFactor: 2 }) };
  },
};

function newFile(stage: Stage): string {
  return path.join(stage.folder(), 'sessions.db');
}

/** Each batch is of users who have just logged in so many times each. */
function loggingIn(stage: Stage, file: string, sessionsPerUser: number): Contestant['prepare'] {
  const connection = stage.closing(new SqliteConnection(file));
  const insert = entryInserter(connection);
  const insertAll = connection.transaction((requests: readonly BatchRequest[]) => {
    for (const request of requests) insert(request);
  });
  insertAll(Array.from({ length: OTHER_SESSIONS }, (_, n) => login(n)));
  let nextUser = FIRST_USER_ID;
  let nextLogin = OTHER_SESSIONS;
  return (operations) => {
    const users = Array.from({ length: operations }, () => nextUser++);
    const logins = users.map((userId) =>
      Array.from({ length: sessionsPerUser }, () => {
        const { session, ...rest } = login(nextLogin++);
        return { ...rest, session: { ...session, userId } };
      }),
    );
    insertAll(logins.flat());
    // Else the first invalidation would have to write into the file what was inserted here.
    connection.pragma('wal_checkpoint(restart)');
    return logins.map(([request], number) => ({ ...(request as BatchRequest), number }));
  };
}
