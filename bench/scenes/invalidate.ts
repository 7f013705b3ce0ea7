import { atMostTimes } from '../bounds.ts';
import { compareTimes } from '../compare.ts';
import type { Durability } from '../stores/store.ts';
import { invalidatingNew } from './contestants.ts';
import {
  enterOnehost,
  enterPeers,
  enterRaw,
  STATEMENTS_ALONE,
  STATEMENTS_AND_CODEC,
} from './entrants.ts';
import type { Scene } from './scene.ts';

const OTHER_SESSIONS = 2000;

export const invalidateSurvivingPowerLoss = invalidate('power-loss', {
  title: 'Invalidate, surviving a power cut',
  about:
    'The default: the revocation is on disk when the call returns (synchronous=FULL). ' +
    'Those that cannot promise that are left out.',
});

export const invalidateSurvivingCrash = invalidate('process-crash', {
  title: 'Invalidate, surviving a process crash',
  about:
    "With revocationDurability: 'process-crash' the call does not wait for the disk (synchronous=NORMAL).",
});

function invalidate(
  durability: Durability,
  { title, about }: { title: string; about: string },
): Scene {
  return {
    name: `invalidate-${durability}`,
    title,
    about: `Sessions that were just set, besides 2,000 others. ${about} Raw: begin immediate; delete returning; insert the change; commit.`,
    of: 'the time of one invalidate',
    unit: 'nanoseconds',
    seconds: { full: 30, quick: 6 },
    async run(context) {
      const { stage } = context;
      const raw = enterRaw(stage, durability);
      const entrants = [
        await enterOnehost(stage, 'seen by all processes at once', {
          revocationDurability: durability,
        }),
        raw.alone,
        raw.withCodec,
        ...(await enterPeers(
          stage,
          (peer) => durability === 'process-crash' || peer.durabilities.includes(durability),
          durability,
        )),
      ];
      const contestants = [];
      for (const entrant of entrants)
        contestants.push(await invalidatingNew(entrant, OTHER_SESSIONS));
      const rows = await compareTimes(context, contestants, { operations: 3000, batchFactor: 2 });
      return { rows, bounds: atMostTimes(2, rows, [STATEMENTS_ALONE, STATEMENTS_AND_CODEC]) };
    },
  };
}
