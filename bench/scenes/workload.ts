import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { RedisServer } from '../../test/support/redis-server.ts';
import { type BoundResult, judgeAt } from '../bounds.ts';
import { compareSamples, type Rows } from '../compare.ts';
import { fillUpTo } from '../stage.ts';
import { redis } from '../stores/redis.ts';
import type { Sampler } from '../turns.ts';
import {
  type Contender,
  contenderNamed,
  EACH_TOUCH_WRITTEN,
  LARGE_NEAR_CACHE,
  ON_DISK_AT_ONCE,
  ONEHOST_FILE,
} from '../workload/contenders.ts';
import { Crew } from '../workload/crew.ts';
import { LatencySample } from '../workload/latency-sample.ts';
import { ONEHOST } from './entrants.ts';
import type { Scene, SceneContext } from './scene.ts';

const PROCESSES = [1, 2, 4];
const MOST_PROCESSES = Math.max(...PROCESSES);

const MIX_IN_WORDS =
  '98.9 % gets, 1 % touches, 0.1 % logouts and logins; which session, is drawn by Zipf (0.99). Each process does ' +
  'one operation after the other; all begin and end together. One operation in 16 is timed by itself (the clock ' +
  'adds some 50 ns). A touch writes each time, but for onehost, which leaves out most. What is written survives a ' +
  'process crash; where the table says so, it waits for the disk.';

export const workloadSmall = workload({
  name: 'workload-small',
  title: 'Session workload, 10 thousand active sessions',
  about: `${MIX_IN_WORDS} lru-cache is not shared: a logout reaches one process alone.`,
  sessions: { full: 10_000, quick: 2000 },
  onehosts: [ONEHOST, ON_DISK_AT_ONCE, EACH_TOUCH_WRITTEN],
  // At 4 processes, and against the quickest of the peers that all processes share.
  atLeast: { of: ONEHOST, limit: 3 },
  seconds: { full: 260, quick: 75 },
});

export const workloadLarge = workload({
  name: 'workload-large',
  title: 'Session workload, 1 million active sessions',
  about:
    `${MIX_IN_WORDS} With so many sessions the default near cache (10,000) holds 2 of 3 that are asked for. An app ` +
    'that has them gives it more memory: the second row keeps a quarter of the sessions in each process. lru-cache ' +
    'keeps all of them.',
  sessions: { full: 1_000_000, quick: 20_000 },
  onehosts: [ONEHOST, LARGE_NEAR_CACHE],
  atLeast: { of: LARGE_NEAR_CACHE, limit: 1 },
  seconds: { full: 420, quick: 75 },
});

interface WorkloadSettings extends Pick<Scene, 'name' | 'title' | 'about' | 'seconds'> {
  readonly sessions: { readonly full: number; readonly quick: number };
  readonly onehosts: readonly string[];
  readonly atLeast: { readonly of: string; readonly limit: number };
}

function workload({ sessions, onehosts, atLeast, ...about }: WorkloadSettings): Scene {
  return {
    ...about,
    of: 'the operations per second of all processes',
    unit: 'operations per second',
    chart: { along: 'processes', upwards: 'operations per second' },
    async run(context) {
      const size = context.quick ? sessions.quick : sessions.full;
      const names = [...onehosts, ...peersIn(context).map(({ name }) => name)];
      const obstacle = context.stage.files.obstacle(size, names.length);
      if (obstacle !== null) return { rows: [], leftOut: [obstacle] };
      const crews: { contender: Contender; crew: Crew }[] = [];
      for (const name of names) {
        const contender = contenderNamed(name, size);
        context.progress(`${name}: filling, and starting ${MOST_PROCESSES} processes`);
        crews.push({ contender, crew: await openCrew(contender, size, context) });
      }
      const samplers = PROCESSES.flatMap((processes) =>
        crews.map(({ contender, crew }) => sampler(contender, crew, processes, context)),
      );
      const rows = await compareSamples(context, samplers);
      const leftOut = context.quick
        ? [`all but ${size.toLocaleString('en')} of the sessions, since this is a quick run`]
        : [];
      return { rows, bounds: againstBestPeer(rows, atLeast, context), leftOut };
    },
  };
}

function peersIn({ stage }: SceneContext) {
  return stage.peers.filter(({ name }) => name !== 'InMemorySessionCache');
}

async function openCrew(
  contender: Contender,
  sessions: number,
  { stage, progress }: SceneContext,
): Promise<Crew> {
  const { name, keptIn } = contender;
  const folder = stage.folder();
  let serverPort: number | undefined;
  if (name === redis.name) {
    const server = await RedisServer.start(folder);
    stage.closing({ close: () => server.stop() });
    serverPort = server.port;
  }
  if (name.startsWith('onehost')) {
    const file = await stage.files.withSessions(sessions, (text) => progress(text));
    copyFileSync(file, path.join(folder, ONEHOST_FILE));
  } else if (keptIn !== 'memory') {
    const store = await contender.open({
      folder,
      durability: 'process-crash',
      ...(serverPort !== undefined && { serverPort }),
    });
    await fillUpTo(store, sessions, (text) => progress(`${name}: filled with ${text}`));
    await store.close();
  }
  const order = { contender: name, folder, sessions, serverPort };
  return stage.closing(await Crew.open(MOST_PROCESSES, order));
}

function sampler(
  { name, note }: Contender,
  crew: Crew,
  processes: number,
  { effort }: SceneContext,
): Sampler {
  const latencies = new LatencySample();
  return {
    name,
    note,
    group: { label: processes === 1 ? '1 process' : `${processes} processes`, position: processes },
    sample: async () => {
      const played = await crew.play(processes, effort.playMilliseconds);
      for (const each of played) latencies.add(each.latencies);
      return played.reduce((sum, each) => sum + each.operations / (each.milliseconds / 1000), 0);
    },
    latency: () => latencies.summarize(),
  };
}

function againstBestPeer(
  rows: Rows,
  { of, limit }: WorkloadSettings['atLeast'],
  context: SceneContext,
): BoundResult[] {
  const group = `${MOST_PROCESSES} processes`;
  const shared = new Set(
    peersIn(context)
      .filter(({ keptIn }) => keptIn !== 'memory')
      .map(({ name }) => name),
  );
  const [best] = rows
    .filter((row) => row.group?.label === group && shared.has(row.name))
    .sort((a, b) => b.value.median - a.value.median);
  if (best === undefined) return [];
  const against = { name: best.name, group };
  return judgeAt(rows, { of: { name: of, group }, against, direction: 'at least', limit });
}
