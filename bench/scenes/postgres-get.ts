import { lacksPostgres, PostgresServer } from '../../test/support/postgres-server.ts';
import { atMostTimes, judgeAt } from '../bounds.ts';
import { compareTimes } from '../compare.ts';
import { isInstalled } from '../peer-packages.ts';
import {
  ConnectPgSimpleSubject,
  PostgresCacheSubject,
  poolOn,
  RawPostgres,
  RawSameStatement,
} from '../stores/postgres-caches.ts';
import { inFlight, onKnownSessions } from './contestants.ts';
import type { Entrant } from './entrants.ts';
import type { Scene } from './scene.ts';

const SESSIONS = 1000;
const IN_FLIGHT = 8;

const ONEHOST_POSTGRES = 'onehost PostgresSessionCache';
const RAW_SAME = 'raw: the same SELECT, hash and JSON';
const RAW_BARE = 'raw: SELECT by the token itself, and JSON';
const CONNECT_PG_SIMPLE = 'connect-pg-simple';

export const postgresGet: Scene = {
  name: 'postgres-get',
  title: 'Get from PostgreSQL',
  about:
    '1,000 sessions of each in one PostgreSQL on loopback, read in a shuffled order, each by a pool of its own. Raw are statements prepared by name, with pool.query: ' +
    'no deadline, and no freezing of what is read. connect-pg-simple is the store of express-session, which prepares nothing.',
  of: 'the time of one get',
  unit: 'nanoseconds',
  seconds: { full: 40, quick: 15 },
  async run(context) {
    const { stage, progress } = context;
    if (lacksPostgres || !isInstalled(CONNECT_PG_SIMPLE)) {
      return {
        rows: [],
        leftOut: ['all of it: postgresql or a package of bench/peers is not installed'],
      };
    }
    progress('starting PostgreSQL');
    const server = await PostgresServer.start();
    stage.closing({ close: () => server[Symbol.asyncDispose]() });
    const pool = () => poolOn(server.port, IN_FLIGHT);
    const common = { answersAtOnce: [], paired: true } as const;
    const entrants: Entrant[] = [
      {
        ...common,
        name: ONEHOST_POSTGRES,
        note: 'within a deadline',
        store: stage.closing(await PostgresCacheSubject.open(pool())),
      },
      {
        ...common,
        name: RAW_SAME,
        note: 'prepared, on the same table',
        store: stage.closing(await RawSameStatement.open(pool())),
      },
      {
        ...common,
        name: RAW_BARE,
        note: 'prepared; tokens at rest, no index by user, no clear',
        store: stage.closing(await RawPostgres.open(pool())),
      },
      {
        ...common,
        name: CONNECT_PG_SIMPLE,
        note: 'by callback, in a JSON column',
        store: stage.closing(await ConnectPgSimpleSubject.open(pool())),
      },
    ];
    const contestants = [];
    for (const entrant of entrants) {
      const contestant = await onKnownSessions(entrant, 'get', SESSIONS);
      contestants.push(contestant, inFlight(contestant, IN_FLIGHT));
    }
    const rows = await compareTimes(context, contestants, { operations: 1000, batchFactor: 2 });
    const limits = [
      { against: RAW_SAME, limit: 1.15 },
      { against: CONNECT_PG_SIMPLE, limit: 1 },
    ];
    return {
      rows,
      bounds: limits.flatMap(({ against, limit }) => [
        ...atMostTimes(limit, rows, [against]),
        ...judgeAt(rows, {
          of: together(ONEHOST_POSTGRES),
          against: together(against),
          direction: 'at most',
          limit,
        }),
      ]),
    };
  },
};

/** The row of those that are awaited together. */
function together(name: string) {
  return { name: `${name}, ${IN_FLIGHT} in flight`, group: undefined };
}
