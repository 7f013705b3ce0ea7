import { TemporaryFolder } from '../../test/support/temporary-folder.ts';
import { atMostTimes } from '../bounds.ts';
import { compareTimes } from '../compare.ts';
import { RawSharedMemory, SharedMemorySubject } from '../stores/shared-memory.ts';
import { METHODS } from '../stores/store.ts';
import { onKnownSessions } from './contestants.ts';
import type { Entrant } from './entrants.ts';
import type { Scene } from './scene.ts';

const SESSIONS = 10_000;

const RAW = 'raw: lmdb, hash and JSON.parse';

export const sharedMemoryGet: Scene = {
  name: 'shared-memory-get',
  title: 'Get from shared memory',
  about:
    '10,000 sessions of each in /dev/shm, read in turn by one of the processes that share them. Both look each time for what others have committed. Raw is what an app ' +
    'writes by hand, without an index by user and without freezing what it gives.',
  of: 'the time of one get',
  unit: 'nanoseconds',
  seconds: { full: 15, quick: 5 },
  async run(context) {
    const { stage } = context;
    const folder = TemporaryFolder.inMemory();
    stage.closing({ close: () => folder[Symbol.dispose]() });
    const common = { answersAtOnce: METHODS, paired: true } as const;
    const entrants: Entrant[] = [
      {
        ...common,
        name: 'onehost SharedMemorySessionCache',
        note: 'no near cache',
        store: stage.closing(await SharedMemorySubject.open(folder.path)),
      },
      {
        ...common,
        name: RAW,
        note: 'what an app would write by hand',
        store: stage.closing(new RawSharedMemory(folder.path)),
      },
    ];
    const contestants = [];
    for (const entrant of entrants) {
      contestants.push(await onKnownSessions(entrant, 'get', SESSIONS));
    }
    const rows = await compareTimes(context, contestants, { operations: SESSIONS });
    return { rows, bounds: atMostTimes(1.3, rows, [RAW]) };
  },
};
