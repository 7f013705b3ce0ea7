import { judgeAt } from '../bounds.ts';
import { compareTimes } from '../compare.ts';
import type { Contestant } from '../measure.ts';
import type { Group } from '../turns.ts';
import { gettingAllOver } from './contestants.ts';
import { enterOnehost, enterRaw, ONEHOST, STATEMENTS_AND_CODEC } from './entrants.ts';
import type { Scene, SceneContext } from './scene.ts';
import { sessionCount } from './session-count.ts';

const SIZES = [10_000, 1_000_000, 10_000_000].map(sessionCount);
const QUICK_SIZES = [10_000, 100_000, 300_000].map(sessionCount);

export const coldGetBySize: Scene = {
  name: 'cold-get-by-size',
  title: 'Cold get, by the size of the table',
  about:
    'Sessions all over the table, none of which the near cache (1,000 entries, full) holds. All read the same ' +
    'file, which was filled in one go and is in the page cache of the kernel; SQLite keeps 16 MB of it by itself.',
  of: 'the time of one get',
  unit: 'nanoseconds',
  chart: { along: 'sessions in the table', upwards: 'one get' },
  seconds: { full: 220, quick: 15 },
  async run(context) {
    const sizes = context.quick ? QUICK_SIZES : SIZES;
    const contestants: Contestant[] = [];
    const leftOut: string[] = [];
    for (const group of sizes) {
      const obstacle = context.stage.files.obstacle(group.position);
      if (obstacle === null) contestants.push(...(await readersOf(group, context)));
      else leftOut.push(obstacle);
    }
    const rows = await compareTimes(context, contestants, { operations: 10_000 });
    const [small, middle, large] = sizes.map(({ label }) => label);
    const bounds = [
      ...judgeAt(rows, {
        of: { name: ONEHOST, group: middle },
        against: { name: STATEMENTS_AND_CODEC, group: middle },
        direction: 'at most',
        limit: 1.25,
      }),
      ...judgeAt(rows, {
        of: { name: ONEHOST, group: large },
        against: { name: ONEHOST, group: small },
        direction: 'at most',
        limit: 2,
      }),
    ];
    return { rows, bounds, leftOut };
  },
};

async function readersOf(group: Group, { stage, progress }: SceneContext): Promise<Contestant[]> {
  const size = group.position;
  const file = await stage.files.withSessions(size, (text) => progress(`${group.label}: ${text}`));
  const raw = enterRaw(stage, 'process-crash', file);
  const entrants = [
    await enterOnehost(stage, 'near cache miss', { nearCacheEntries: 1000 }, file),
    raw.alone,
    raw.withCodec,
  ];
  return entrants.map((entrant, place) =>
    gettingAllOver({ ...entrant, group }, size, place / entrants.length),
  );
}
