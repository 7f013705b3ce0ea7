import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { compareSamples } from '../compare.ts';
import { fillUpTo } from '../stage.ts';
import { DatabaseSubject } from '../stores/onehost.ts';
import type { Peer } from '../stores/store.ts';
import { ONEHOST } from './entrants.ts';
import type { Scene } from './scene.ts';

export const disk: Scene = {
  name: 'disk',
  title: 'Bytes on disk per session',
  about:
    'Sessions of 250 bytes as JSON, set one after the other in random order of their hashes; all files after ' +
    'closing, divided by their number. They come out alike each time, so once is enough.',
  of: 'the bytes on disk of one session',
  unit: 'bytes',
  seconds: { full: 60, quick: 8 },
  async run(context) {
    const { stage, quick, progress } = context;
    const sessions = quick ? 5000 : 50_000;
    const onehost: Pick<Peer, 'name' | 'note' | 'open'> = {
      name: ONEHOST,
      note: 'the index by user and the one by expiry included',
      open: ({ folder }) => DatabaseSubject.open(path.join(folder, 'onehost.db')),
    };
    const peers = stage.peers.filter(
      ({ keptIn, readsLike }) => keptIn === 'file' && readsLike === undefined,
    );
    const samplers = [onehost, ...peers].map(({ name, note, open }) => ({
      name,
      note,
      sample: async () => {
        const folder = stage.folder();
        const store = await open({ folder, durability: 'process-crash' });
        await fillUpTo(store, sessions, (text) => progress(`${name}: ${text}`));
        await store.close();
        return bytesIn(folder) / sessions;
      },
    }));
    return { rows: await compareSamples(context, samplers, 1) };
  },
};

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
}
