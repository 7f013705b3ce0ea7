import { atMostTimes } from '../bounds.ts';
import { compareTimes } from '../compare.ts';
import { onKnownSessions } from './contestants.ts';
import {
  enterOnehost,
  enterPeers,
  enterRaw,
  STATEMENTS_ALONE,
  STATEMENTS_AND_CODEC,
} from './entrants.ts';
import type { Scene } from './scene.ts';

const SESSIONS = 10_000;
/** Read in turn, a session has left a near cache of this size long before it is read again. */
const NEAR_CACHE_ENTRIES = 1000;

export const coldGet: Scene = {
  name: 'cold-get',
  title: 'Cold get',
  about:
    '10,000 sessions read in turn, none of which the near cache (1,000 entries, full) holds. ' +
    'The file itself is in the page cache.',
  of: 'the time of one get',
  unit: 'nanoseconds',
  seconds: { full: 30, quick: 8 },
  async run(context) {
    const { stage } = context;
    const raw = enterRaw(stage);
    const entrants = [
      await enterOnehost(stage, 'near cache miss', { nearCacheEntries: NEAR_CACHE_ENTRIES }),
      raw.alone,
      raw.withCodec,
      {
        ...(await enterOnehost(stage, 'nearCacheEntries: 0', { nearCacheEntries: 0 })),
        name: 'onehost without a near cache',
      },
      ...(await enterPeers(
        stage,
        (peer) => peer.keptIn !== 'memory' && peer.readsLike === undefined,
      )),
    ];
    const contestants = [];
    for (const entrant of entrants) {
      contestants.push(await onKnownSessions(entrant, 'get', SESSIONS));
    }
    const rows = await compareTimes(context, contestants, { operations: SESSIONS });
    return { rows, bounds: atMostTimes(2, rows, [STATEMENTS_ALONE, STATEMENTS_AND_CODEC]) };
  },
};
