import { compare } from '../compare.ts';
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
  operation: 'get',
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
    return compare(context, contestants, {
      operations: SESSIONS,
      bounds: [
        { against: STATEMENTS_ALONE, limit: 2 },
        { against: STATEMENTS_AND_CODEC, limit: 2 },
      ],
    });
  },
};
