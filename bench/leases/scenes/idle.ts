import { setTimeout as wait } from 'node:timers/promises';
import { Contenders } from '../../../test/faults/contenders.ts';
import { atMost } from '../figures.ts';
import type { LeaseScene } from '../scene.ts';

const STANDBYS = 3;
const MOST_PERCENT = 0.5;
/** What a process does at its start, V8's first collections included, is no cost of waiting. */
const SETTLE_SECONDS = 3;

export const idle: LeaseScene = {
  name: 'idle',
  title: 'Nothing happens',
  about:
    'A hundred seconds (10 in a quick run) of one holder that renews, and of three standbys that look ten times a second, with the default settings. ' +
    'User and system time of each whole process.',
  async run({ file, quick, progress }) {
    const seconds = quick ? 10 : 100;
    using contenders = new Contenders(file, { pauseMilliseconds: null });
    const holder = await contenders.startTeam(STANDBYS);
    await wait(SETTLE_SECONDS * 1000);
    const usages = () => Promise.all(contenders.all.map((each) => contenders.usage(each)));
    const before = await usages();
    for (let passed = 0; passed < seconds; passed++) {
      progress(`${passed} of ${seconds} s`);
      await wait(1000);
    }
    const after = await usages();
    const shares = after.map(({ cpuMilliseconds, at }, index) => {
      const began = before[index] ?? { cpuMilliseconds: 0, at: 0 };
      return ((cpuMilliseconds - began.cpuMilliseconds) / (at - began.at)) * 100;
    });
    const isHolder = contenders.all.map((each) => each === holder);
    const ofHolder = shares.filter((_, index) => isHolder[index]);
    const ofStandbys = shares.filter((_, index) => !isHolder[index]);
    return {
      figures: [
        atMost(MOST_PERCENT, '% of a core', 'the holder', Math.max(...ofHolder)),
        atMost(MOST_PERCENT, '% of a core', 'the busiest standby', Math.max(...ofStandbys)),
      ],
      violations: [],
      samples: { holderPercent: ofHolder, standbyPercent: ofStandbys },
    };
  },
};
