// How long takeovers take, whether late writers are refused, and what it costs to wait: `npm run bench:leases`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { TemporaryFolder } from '../../test/support/temporary-folder.ts';
import { exitOnSignals, readOptions } from '../command-line.ts';
import { describeEnvironment } from '../environment.ts';
import { Progress } from '../progress.ts';
import { environmentAsText } from '../report/text.ts';
import { isMet } from './figures.ts';
import { leasesDoc, writeLeasesDoc } from './leases-doc.ts';
import { type LeaseBenchOptions, readArguments, USAGE } from './options.ts';
import { type LeaseRunReport, type LeaseSceneReport, PEERS } from './report.ts';
import type { LeaseScene } from './scene.ts';
import { sceneAsText } from './text.ts';

const RESULTS = new URL('../results/', import.meta.url);

const progress = new Progress();

exitOnSignals();
const options = readOptions((args) => {
  const read = readArguments(args);
  if (read.write) leasesDoc.assertThere();
  return read;
}, USAGE);
if (options.help) process.stdout.write(USAGE);
else await bench(options);

async function bench({ scenes, quick, write, check }: LeaseBenchOptions): Promise<void> {
  const startedAt = new Date().toISOString();
  const environment = describeEnvironment(false);
  process.stdout.write(`${environmentAsText(environment)}\n\n`);
  const { loadAverage, cores } = environment.machine;
  if (loadAverage > cores * 0.75) {
    progress.say(
      `NOTE: the machine is busy (load ${loadAverage} on ${cores} cores): times will be too long.`,
    );
  }
  const reports: LeaseSceneReport[] = [];
  for (const scene of scenes) {
    const report = await play(scene, quick);
    process.stdout.write(`${sceneAsText(report)}\n`);
    reports.push(report);
  }
  process.stdout.write(`${PEERS}\n`);
  summarize(reports, check);
  if (write) writeResults({ startedAt, quick, environment, scenes: reports });
}

async function play(
  { name, title, about, run }: LeaseScene,
  quick: boolean,
): Promise<LeaseSceneReport> {
  progress.scene(name);
  using folder = new TemporaryFolder();
  const remove = () => folder[Symbol.dispose]();
  // For a run that is interrupted.
  process.once('exit', remove);
  const file = folder.file('onehost.db');
  const findings = await run({ file, quick, progress: (text) => progress.step(text) });
  process.off('exit', remove);
  progress.clear();
  return { name, title, about, ...findings };
}

function summarize(reports: readonly LeaseSceneReport[], check: boolean): void {
  const bound = reports.flatMap(({ figures }) => figures).filter((each) => each.bound !== null);
  const met = bound.filter(isMet).length;
  process.stdout.write(`\n${met} of ${bound.length} bounds met\n`);
  if (check && met < bound.length) process.exitCode = 1;
}

function writeResults(run: LeaseRunReport): void {
  const file = `${run.startedAt.slice(0, 10)}-leases.json`;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL(file, RESULTS), `${JSON.stringify(run, roundNumbers, 2)}\n`);
  progress.say(`Wrote bench/results/${file}`);
  writeLeasesDoc(run, file);
  progress.say('Wrote the tables of docs/leases.md');
}

/** Five digits are more than was measured. */
function roundNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(5))
    : value;
}
