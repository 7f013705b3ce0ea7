import { compareTimes } from '../compare.ts';
import { onKnownSessions } from './contestants.ts';
import { type Entrant, enterOnehost, enterPeers, enterRaw } from './entrants.ts';
import type { Scene } from './scene.ts';

const SESSIONS = 1000;

export const touchCoalesced: Scene = {
  name: 'touch-coalesced',
  title: 'Touch, coalesced',
  about:
    '1,000 sessions that were touched a moment ago: less than touchWriteShare (5 %) of their time would ' +
    'be gained, so nothing is written. Those that have no such thing are in the next table.',
  of: 'the time of one touch',
  unit: 'nanoseconds',
  seconds: { full: 30, quick: 6 },
  async run(context) {
    const { stage } = context;
    const entrants = [
      await enterOnehost(stage, 'in the near cache, checked against the file'),
      ...(await enterPeers(stage, (peer) => peer.keptIn === 'memory')),
    ];
    return { rows: await compareTimes(context, await touching(entrants), { operations: 100_000 }) };
  },
};

export const touchWritten: Scene = {
  name: 'touch-written',
  title: 'Touch, written',
  about: '1,000 sessions, and each touch is written (touchWriteShare: 0).',
  of: 'the time of one touch',
  unit: 'nanoseconds',
  seconds: { full: 30, quick: 6 },
  async run(context) {
    const { stage } = context;
    const raw = enterRaw(stage);
    const entrants = [
      await enterOnehost(stage, 'survives a process crash', { touchWriteShare: 0 }),
      raw.alone,
      raw.withCodec,
      ...(await enterPeers(stage, (peer) => peer.keptIn !== 'memory')),
    ];
    return {
      rows: await compareTimes(context, await touching(entrants), {
        operations: 3000,
        batchFactor: 2,
      }),
    };
  },
};

async function touching(entrants: readonly Entrant[]) {
  const contestants = [];
  for (const entrant of entrants) {
    contestants.push(await onKnownSessions(entrant, 'touch', SESSIONS));
  }
  return contestants;
}
