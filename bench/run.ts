import { exitOnSignals, readOptions } from './command-line.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { type BenchOptions, readArguments, USAGE } from './options.ts';
import { installPeers } from './peer-packages.ts';
import { Progress } from './progress.ts';
import { writePerformanceDoc } from './report/performance-doc.ts';
import { writeResult } from './report/results.ts';
import type { RunReport, SceneReport } from './report/run-report.ts';
import { boundAsText } from './report/table.ts';
import { environmentAsText, sceneAsText, verdict } from './report/text.ts';
import type { Scene } from './scenes/scene.ts';
import { SessionFiles } from './session-files.ts';
import { Stage } from './stage.ts';
import { findPeers } from './stores/peers.ts';
import type { Peer } from './stores/store.ts';

const progress = new Progress();

exitOnSignals();
const options = readOptions(readArguments, USAGE);
if (options.help) process.stdout.write(USAGE);
else await bench(options);

async function bench(options: BenchOptions): Promise<void> {
  const startedAt = new Date().toISOString();
  const peers = await takePart(options);
  const environment = describeEnvironment(options.peers);
  process.stdout.write(`${environmentAsText(environment)}\n\n`);
  warnAbout(environment);
  using files = new SessionFiles();
  const scenes: SceneReport[] = [];
  for (const [place, scene] of options.scenes.entries()) {
    progress.scene(
      scene.name,
      `${place + 1} of ${options.scenes.length}, ${timeLeft(options, place)}`,
    );
    const report = await play(scene, peers, files, options);
    process.stdout.write(`${sceneAsText(report)}\n`);
    for (const reason of report.leftOut ?? []) {
      progress.say(`LEFT OUT of ${scene.name}: ${reason}`);
    }
    scenes.push(report);
  }
  const { quick, effort } = options;
  summarizeBounds(scenes, options);
  if (options.write) write({ startedAt, quick, effort, environment, scenes }, options.sceneName);
}

/** An estimate, from a machine with two cores. */
function timeLeft({ scenes, quick }: BenchOptions, place: number): string {
  const seconds = scenes
    .slice(place)
    .reduce((sum, scene) => sum + (quick ? scene.seconds.quick : scene.seconds.full), 0);
  return seconds < 90 ? `about ${seconds} s to go` : `about ${Math.round(seconds / 60)} min to go`;
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
  files: SessionFiles,
  { effort, quick }: BenchOptions,
): Promise<SceneReport> {
  await using stage = new Stage(peers, files);
  const { run, seconds: _, ...about } = scene;
  const step = (text: string) => progress.step(text);
  const comparison = await run({ stage, effort, quick, progress: step });
  progress.clear();
  return { ...about, ...comparison };
}

function summarizeBounds(scenes: readonly SceneReport[], { check, quick }: BenchOptions): void {
  const bounds = scenes.flatMap(({ name, bounds = [] }) =>
    bounds.map((bound) => ({ name, bound })),
  );
  if (bounds.length === 0) return;
  process.stdout.write(`Bounds${quick ? ' (a quick run: rough)' : ''}\n`);
  for (const { name, bound } of bounds) {
    process.stdout.write(`  ${verdict(bound)}  ${name}: ${boundAsText(bound)}\n`);
  }
  if (check && bounds.some(({ bound }) => !bound.met)) process.exitCode = 1;
}

function write(report: RunReport, sceneName: string | undefined): void {
  progress.say(`Wrote ${writeResult(report, sceneName)}`);
  writePerformanceDoc();
  progress.say('Wrote the tables of docs/performance.md');
}
