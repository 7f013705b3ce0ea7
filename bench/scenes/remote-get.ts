import { RedisServer } from '../../test/support/redis-server.ts';
import { atMostTimes, judgeAt } from '../bounds.ts';
import { compareTimes } from '../compare.ts';
import { isInstalled } from '../peer-packages.ts';
import { redis } from '../stores/redis.ts';
import { ConnectRedisSubject, RedisCacheSubject } from '../stores/redis-caches.ts';
import { inFlight, onKnownSessions } from './contestants.ts';
import type { Entrant } from './entrants.ts';
import type { Scene } from './scene.ts';

const SESSIONS = 1000;
const IN_FLIGHT = 32;

const ONEHOST_REDIS = 'onehost RedisSessionCache';
const RAW = 'raw: GET and JSON.parse';
const CONNECT_REDIS = 'connect-redis';

export const remoteGet: Scene = {
  name: 'remote-get',
  title: 'Get from Redis',
  about:
    '1,000 sessions in one Redis on loopback, read in a shuffled order. Everyone has a connection of its own and the client as it is by default. ' +
    'Raw is what an app writes by hand, without hashing the token; connect-redis is the store of express-session.',
  of: 'the time of one get',
  unit: 'nanoseconds',
  seconds: { full: 40, quick: 10 },
  async run(context) {
    const { stage } = context;
    if (!stage.peers.includes(redis) || !isInstalled(CONNECT_REDIS)) {
      return {
        rows: [],
        leftOut: ['all of it: redis-server or a package of bench/peers is not installed'],
      };
    }
    const server = await RedisServer.start(stage.folder());
    stage.closing({ close: () => server.stop() });
    const { port } = server;
    const common = { answersAtOnce: [], paired: true } as const;
    const entrants: Entrant[] = [
      {
        ...common,
        name: ONEHOST_REDIS,
        note: 'strict: each get asks the server',
        store: stage.closing(await RedisCacheSubject.open(port, {})),
      },
      {
        ...common,
        name: RAW,
        note: 'no index by user, no clear',
        store: stage.closing(
          await redis.open({
            folder: stage.folder(),
            durability: 'process-crash',
            serverPort: port,
          }),
        ),
      },
      {
        ...common,
        name: CONNECT_REDIS,
        note: 'the same, by callback',
        store: stage.closing(await ConnectRedisSubject.open(port)),
      },
      {
        ...common,
        name: `${ONEHOST_REDIS}, near cache`,
        note: 'at most 1 s behind other processes',
        store: stage.closing(
          await RedisCacheSubject.open(port, { prefix: 'near', nearCacheEntries: SESSIONS }),
        ),
      },
    ];
    const contestants = [];
    for (const entrant of entrants) {
      const contestant = await onKnownSessions(entrant, 'get', SESSIONS);
      contestants.push(contestant, inFlight(contestant, IN_FLIGHT));
    }
    const rows = await compareTimes(context, contestants, { operations: 2000 });
    return {
      rows,
      bounds: [
        ...atMostTimes(1.15, rows, [RAW]),
        ...atMostTimes(1, rows, [CONNECT_REDIS]),
        ...[
          { against: RAW, limit: 1.15 },
          { against: CONNECT_REDIS, limit: 1 },
        ].flatMap(({ against, limit }) =>
          judgeAt(rows, {
            of: together(ONEHOST_REDIS),
            against: together(against),
            direction: 'at most',
            limit,
          }),
        ),
      ],
    };
  },
};

/** The row of those that are awaited together. */
function together(name: string) {
  return { name: `${name}, ${IN_FLIGHT} in flight`, group: undefined };
}
