import { describeEnvironment, type Environment } from './environment.ts';
import { type BenchOptions, readArguments, USAGE } from './options.ts';
import { installPeers } from './peer-packages.ts';
import { Progress } from './progress.ts';
import { writePerformanceDoc } from './report/performance-doc.ts';
import { writeResult } from './report/results.ts';
import type { RunReport, SceneReport } from './report/run-report.ts';
import { boundAsText, environmentAsText, sceneAsText } from './report/text.ts';
import type { Scene } from './scenes/scene.ts';
import { Stage } from './stage.ts';
import { findPeers } from './stores/peers.ts';
import type { Peer } from './stores/store.ts';

const progress = new Progress();

// So that what is to be done at the exit (files to remove, a server to end) is done then, too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(1));
}

const options = readOptions();
if (options.help) process.stdout.write(USAGE);
else await bench(options);

function readOptions(): BenchOptions {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function bench(options: BenchOptions): Promise<void> {
  const startedAt = new Date().toISOString();
  const peers = await takePart(options);
  const environment = describeEnvironment(options.peers);
  process.stdout.write(`${environmentAsText(environment)}\n\n`);
  warnAbout(environment);
  const scenes: SceneReport[] = [];
  for (const scene of options.scenes) {
    const report = await play(scene, peers, options);
    process.stdout.write(`${sceneAsText(report)}\n`);
    scenes.push(report);
  }
  const { quick, effort } = options;
  summarizeBounds(scenes, options);
  if (options.write) write({ startedAt, quick, effort, environment, scenes }, options.sceneName);
}

function warnAbout({ machine }: Environment): void {
  if (machine.filesystem === 'tmpfs') {
    progress.say(
      'NOTE: the temporary files are in memory, where an fsync costs nothing. Set TMPDIR.',
    );
  }
  if (machine.loadAverage > machine.cores * 0.75) {
    progress.say(
      `NOTE: the machine is busy (load ${machine.loadAverage} on ${machine.cores} cores): times will be too ` +
        'long, and ratios rough.',
    );
  }
}

async function takePart(options: BenchOptions): Promise<readonly Peer[]> {
  if (options.peers) await installPeers((text) => progress.say(text));
  const { peers, missing } = findPeers(options.peers);
  for (const each of missing) progress.say(`NOT TAKING PART: ${each}`);
  return peers;
}

async function play(
  scene: Scene,
  peers: readonly Peer[],
  { effort }: BenchOptions,
): Promise<SceneReport> {
  progress.scene(scene.name);
  await using stage = new Stage(peers);
  const comparison = await scene.run({ stage, effort, progress: (text) => progress.step(text) });
  progress.clear();
  const { name, title, about, operation } = scene;
  return { name, title, about, operation, ...comparison };
}

function summarizeBounds(scenes: readonly SceneReport[], { check, quick }: BenchOptions): void {
  const bounds = scenes.flatMap(({ operation, bounds }) =>
    bounds.map((bound) => ({ operation, bound })),
  );
  if (bounds.length === 0) return;
  process.stdout.write(`Bounds${quick ? ' (a quick run: rough)' : ''}\n`);
  for (const { operation, bound } of bounds) {
    process.stdout.write(`  ${boundAsText(operation, bound)}\n`);
  }
  if (check && bounds.some(({ bound }) => !bound.met)) process.exitCode = 1;
}

function write(report: RunReport, sceneName: string | undefined): void {
  progress.say(`Wrote ${writeResult(report, sceneName)}`);
  writePerformanceDoc();
  progress.say('Wrote the tables of docs/performance.md');
}
