import { compareTimes } from '../compare.ts';
import { inFlight, onKnownSessions } from './contestants.ts';
import { enterOnehost, enterPeers } from './entrants.ts';
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
      await enterOnehost(stage, 'near cache hit, checked against the file'),
      ...(await enterPeers(stage, (peer) => peer.readsLike === undefined)),
    ];
    const contestants = [];
    for (const entrant of entrants) {
      const contestant = await onKnownSessions(entrant, 'get', SESSIONS);
      contestants.push(contestant);
      if (!entrant.answersAtOnce.includes('get')) contestants.push(inFlight(contestant, 32));
    }
    return { rows: await compareTimes(context, contestants, { operations: 100_000 }) };
  },
};
