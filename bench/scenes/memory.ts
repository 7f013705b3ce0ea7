import path from 'node:path';
import { compareSamples } from '../compare.ts';
import { collectAllGarbage } from '../garbage.ts';
import { login, newCopy, tokenOf } from '../requests.ts';
import { DatabaseSubject } from '../stores/onehost.ts';
import type { Peer, SessionStore } from '../stores/store.ts';
import type { Scene } from './scene.ts';

export const memory: Scene = {
  name: 'memory',
  title: 'Memory per session',
  about:
    'What the process holds more (heap and array buffers, after a garbage collection) once it has so many sessions ' +
    'in its memory, divided by their number; each of 250 bytes as JSON, with a token of 43 characters.',
  of: 'the memory of one session',
  unit: 'bytes',
  seconds: { full: 25, quick: 8 },
  async run({ stage, quick, ...context }) {
    const sessions = quick ? 10_000 : 50_000;
    const file = path.join(stage.folder(), 'onehost.db');
    const near: Pick<Peer, 'name' | 'note' | 'open'> = {
      name: 'onehost near cache',
      note: 'one entry that was read',
      open: () => DatabaseSubject.open(file, { nearCacheEntries: sessions }),
    };
    const writer = stage.closing(await DatabaseSubject.open(file));
    for (let n = 0; n < sessions; n++) writer.set(login(n));
    const samplers = [near, ...stage.peers.filter(({ keptIn }) => keptIn === 'memory')].map(
      (peer) => ({
        name: peer.name,
        note: peer.note,
        sample: async () => {
          const before = bytesHeld();
          const store = await peer.open({ folder: '', durability: 'process-crash', sessions });
          await bringIn(store, sessions, peer === near ? 'get' : 'set');
          const held = bytesHeld() - before;
          await store.close();
          return held / sessions;
        },
      }),
    );
    return { rows: await compareSamples(context, samplers) };
  },
};

async function bringIn(store: SessionStore, sessions: number, method: 'get' | 'set') {
  for (let n = 0; n < sessions; n++) {
    const token = newCopy(tokenOf(n));
    const done = await store[method](
      method === 'get' ? { number: n, token, session: login(0).session } : { ...login(n), token },
    );
    if (!done) throw new Error(`Session ${n} did not get into memory, so its size means nothing.`);
  }
}

function bytesHeld(): number {
  collectAllGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
