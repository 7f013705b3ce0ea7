import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareSamples } from '../compare.ts';
import { type MemoryOrder, type MemoryReport, NEAR_CACHE } from '../memory/order.ts';
import { login } from '../requests.ts';
import { DatabaseSubject } from '../stores/onehost.ts';
import type { Scene } from './scene.ts';

const WORKER = fileURLToPath(new URL('../memory/worker.ts', import.meta.url));

export const memory: Scene = {
  name: 'memory',
  title: 'Memory per session',
  about:
    'What a process holds more (heap and array buffers, after a garbage collection) once it has so many sessions ' +
    'in its memory, divided by their number; each of 250 bytes as JSON, with a token of 43 characters. Each sample is of a new process.',
  of: 'the memory of one session',
  unit: 'bytes',
  seconds: { full: 30, quick: 15 },
  async run({ stage, quick, ...context }) {
    const sessions = quick ? 10_000 : 50_000;
    const file = path.join(stage.folder(), 'onehost.db');
    const writer = stage.closing(await DatabaseSubject.open(file));
    for (let n = 0; n < sessions; n++) writer.set(login(n));
    const inMemory = [
      { name: NEAR_CACHE, note: 'one entry that was read' },
      ...stage.peers.filter(({ keptIn }) => keptIn === 'memory'),
    ];
    const samplers = inMemory.map(({ name, note }) => ({
      name,
      note,
      sample: async () => (await bytesOf({ name, file, sessions })) / sessions,
    }));
    return { rows: await compareSamples(context, samplers) };
  },
};

/** In a process of its own: in one that has done other things, what they left behind is let go of meanwhile. */
async function bytesOf(order: MemoryOrder): Promise<number> {
  const child = fork(WORKER, [JSON.stringify(order)]);
  const failed = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`The process that holds "${order.name}" ended (${signal ?? code}).`);
  });
  const [report] = (await Promise.race([once(child, 'message'), failed])) as [MemoryReport];
  await failed.catch(() => {});
  return report.bytes;
}
