import { atMostTimes } from '../bounds.ts';
import { compareTimes } from '../compare.ts';
import { settingNew } from './contestants.ts';
import {
  enterOnehost,
  enterPeers,
  enterRaw,
  STATEMENTS_ALONE,
  STATEMENTS_AND_CODEC,
} from './entrants.ts';
import type { Scene } from './scene.ts';

const OTHER_SESSIONS = 2000;

export const set: Scene = {
  name: 'set',
  title: 'Set',
  about:
    'New sessions besides 2,000 others, one transaction each, without waiting for the disk (synchronous=NORMAL). ' +
    'Raw: begin immediate; look up, upsert, delete up to 2 expired; commit. ' +
    'The checkpoints of the WAL are included, for all alike.',
  of: 'the time of one set',
  unit: 'nanoseconds',
  seconds: { full: 45, quick: 10 },
  async run(context) {
    const { stage } = context;
    const raw = enterRaw(stage);
    const entrants = [
      // Invalidates only between the batches, where nothing is timed.
      await enterOnehost(stage, 'survives a process crash', {
        revocationDurability: 'process-crash',
      }),
      raw.alone,
      raw.withCodec,
      ...(await enterPeers(stage)),
    ];
    const contestants = [];
    for (const entrant of entrants) contestants.push(await settingNew(entrant, OTHER_SESSIONS));
    const rows = await compareTimes(context, contestants, { operations: 3000, batchFactor: 2 });
    return { rows, bounds: atMostTimes(2, rows, [STATEMENTS_ALONE, STATEMENTS_AND_CODEC]) };
  },
};
