// Processes that share sessions, hold leases and run jobs are killed, stopped and restarted for minutes, and what they did is held against what is
// promised: `npm run faults`. Ends with 1 if a promise was broken.
import { exitOnSignals, readOptions } from '../../bench/command-line.ts';
import { describeEnvironment } from '../../bench/environment.ts';
import { environmentAsText } from '../../bench/report/text.ts';
import { compiled } from '../support/compiled.ts';
import { MarkedPart } from '../support/marked-part.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import {
  SESSION_PROGRAM,
  type SessionRun,
  sessionsUnderFaults,
} from './histories/sessions-under-faults.ts';
import { jobsInFile, jobsUnderFaults } from './job-rounds.ts';
import { leasesUnderFaults } from './leases-under-faults.ts';
import { type FaultRunOptions, readArguments, USAGE } from './run-options.ts';
import { reportAsMarkdown, reportAsText, violationsOf } from './run-report.ts';

/** How often it is told how far the run is, where lines cannot be written over. */
const TOLD_EVERY_SECONDS = 15;

const document = new MarkedPart('reliability.md', 'faults');
let toldAt = 0;

exitOnSignals();
const options = readOptions((args) => {
  const read = readArguments(args);
  if (read.write) document.assertThere();
  return read;
}, USAGE);
if (options.help) process.stdout.write(USAGE);
else await run(options);

async function run({ minutes, seed, write }: FaultRunOptions): Promise<void> {
  const startedAt = new Date();
  const seconds = minutes * 60;
  const environment = environmentAsText(describeEnvironment(false)).replaceAll('\n', ' ');
  process.stdout.write(`${environment}\nseed ${seed}\n\n`);
  using folder = new TemporaryFolder();
  using compiledTo = new TemporaryFolder();
  // For a run that is interrupted.
  process.once('exit', () => {
    for (const each of [folder, compiledTo]) each[Symbol.dispose]();
  });

  const sessions = await sessionsUnderFaults(folder, {
    seed,
    program: compiled(SESSION_PROGRAM, compiledTo.path),
    seconds,
    onRound: (state) => tell(sessionsAsLine(state)),
  });
  const random = randomNumbers(seed);
  const leases = await leasesUnderFaults(folder.file('leases.db'), seconds / 10, random, (done) =>
    tell(`leases: ${done} holders replaced`),
  );
  const jobs = await jobsUnderFaults(
    jobsInFile(folder.file('jobs.db')),
    seconds / 10,
    (what) => tell(`jobs: ${what}`),
    random,
  );

  const report = { startedAt, minutes, seed, environment, sessions, leases, jobs };
  process.stderr.write('\n');
  process.stdout.write(reportAsText(report));
  if (violationsOf(report).length > 0) process.exitCode = 1;
  if (write) document.write(reportAsMarkdown(report));
}

function sessionsAsLine({ rounds, deeds, findings }: SessionRun): string {
  const { operations, violations } = findings;
  const { kills, stops, restarts, checkpoints, vacuums } = deeds;
  return (
    `sessions: round ${rounds}, ${operations.toLocaleString('en')} operations, ${kills} kills, ${stops} stops, ` +
    `${restarts} restarts, ${checkpoints} checkpoints, ${vacuums} vacuums, ${violations.length} violations`
  );
}

function tell(line: string): void {
  const seconds = performance.now() / 1000;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${seconds.toFixed(0)} s: ${line}`);
  else if (seconds - toldAt >= TOLD_EVERY_SECONDS) {
    toldAt = seconds;
    process.stderr.write(`${seconds.toFixed(0)} s: ${line}\n`);
  }
}
