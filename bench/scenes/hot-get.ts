import path from 'node:path';
import { judgeAt } from '../bounds.ts';
import { compareTimes } from '../compare.ts';
import type { Stage } from '../stage.ts';
import { DatabaseSubject } from '../stores/onehost.ts';
import { METHODS } from '../stores/store.ts';
import { inFlight, onKnownSessions } from './contestants.ts';
import { type Entrant, enterPeers, ONEHOST } from './entrants.ts';
import type { Scene } from './scene.ts';

const SESSIONS = 1000;

export const hotGet: Scene = {
  name: 'hot-get',
  title: 'Hot get',
  about:
    '1,000 sessions that this process has read before: they are in its memory, where it has one. ' +
    'Those of one process need not look whether another one has revoked the session.',
  of: 'the time of one get',
  unit: 'nanoseconds',
  seconds: { full: 35, quick: 8 },
  async run(context) {
    const { stage } = context;
    const entrants = [
      ...(await enterChangeWatches(stage)),
      ...(await enterPeers(stage, (peer) => peer.readsLike === undefined)),
    ];
    const contestants = [];
    for (const entrant of entrants) {
      const contestant = await onKnownSessions(entrant, 'get', SESSIONS);
      contestants.push(contestant);
      if (!entrant.answersAtOnce.includes('get')) contestants.push(inFlight(contestant, 32));
    }
    const rows = await compareTimes(context, contestants, { operations: 100_000 });
    return { rows, bounds: LIMITS.flatMap((limit) => judgeAt(rows, limit)) };
  },
};

const DATA_VERSION = `${ONEHOST}, data-version`;

/** What a look costs: as much as the file can tell in memory, and not more than the best of those that have one. */
const LIMITS = [
  atMost(1, ONEHOST, 'lru-cache'),
  atMost(1 / 15, ONEHOST, 'lmdb'),
  atMost(1 / 40, ONEHOST, 'better-sqlite3-session-store'),
  atMost(1 / 150, ONEHOST, 'Redis on loopback'),
  atMost(1, DATA_VERSION, 'lmdb'),
];

function atMost(limit: number, of: string, against: string) {
  const place = (name: string) => ({ name, group: undefined });
  return { of: place(of), against: place(against), direction: 'at most', limit } as const;
}

/** One for each way to see what other processes have committed; the slower one alone where there is no other. */
async function enterChangeWatches(stage: Stage): Promise<Entrant[]> {
  const open = (changeWatch: 'auto' | 'data-version') =>
    DatabaseSubject.open(path.join(stage.folder(), 'onehost.db'), {}, { changeWatch });
  const best = stage.closing(await open('auto'));
  const common = { answersAtOnce: METHODS, paired: true };
  const note = 'near cache hit, checked without native code';
  if (best.changeWatch !== 'wal-index') {
    return [{ ...common, name: DATA_VERSION, note, store: best }];
  }
  const slower = stage.closing(await open('data-version'));
  return [
    { ...common, name: ONEHOST, note: 'near cache hit, checked in the WAL index', store: best },
    { ...common, name: DATA_VERSION, note, store: slower },
  ];
}
