// `npm run bench:purge [-- --write]`: with --write it is kept in bench/results/purge, and a table of it in docs/performance.md.
import { parseArgs } from 'node:util';
import { describeEnvironment } from '../environment.ts';
import { writeOwnResult } from '../report/results.ts';
import { environmentAsText } from '../report/text.ts';
import { type Phase, run } from './purge-bench.ts';
import { purgeDoc, writePurgeDoc } from './purge-doc.ts';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    setters: { type: 'string', default: '2' },
    'sets-per-second': { type: 'string', default: '100' },
    'quiet-seconds': { type: 'string', default: '20' },
    'time-budget-seconds': { type: 'string', default: '600' },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

if (values.write) purgeDoc.assertThere();
const startedAt = new Date().toISOString();
const environment = describeEnvironment(false);
const report = await run({
  entries: Number(values.entries),
  setters: Number(values.setters),
  setsPerSecond: Number(values['sets-per-second']),
  quietSeconds: Number(values['quiet-seconds']),
  timeBudgetSeconds: Number(values['time-budget-seconds']),
  progress: (text) => process.stderr.write(`${text} ...\n`),
});

const whole = { startedAt, environment, ...report };
if (values.write) writePurgeDoc(whole, writeOwnResult('purge', whole));
if (values.json) {
  process.stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
} else {
  process.stdout.write(`${environmentAsText(environment)}\n\n`);
  console.table(report.phases.map(asRow));
  for (const { what, found, limit, met } of report.bounds) {
    process.stdout.write(
      `${met ? 'MET    ' : 'NOT MET'}  ${what}: ${found.toFixed(2)}; at most ${limit}\n`,
    );
  }
}
if (values.check && report.bounds.some(({ met }) => !met)) process.exitCode = 1;

/** Times in milliseconds, but for the first. */
function asRow(phase: Phase) {
  const rounded = (value: number) => Number(value.toPrecision(3));
  return {
    phase: phase.name,
    seconds: rounded(phase.seconds),
    removed: phase.removed,
    'longest hold': rounded(phase.longestHoldMilliseconds),
    'own hold': rounded(phase.longestOwnHoldMilliseconds),
    'idle hold': rounded(phase.bystanderHoldMilliseconds),
    'WAL MiB': rounded(phase.largestWalMiB),
    sets: phase.sets.count,
    'set p50': rounded(phase.sets.p50),
    'set p99': rounded(phase.sets.p99),
    'set p99.9': rounded(phase.sets.p999),
    'set max': rounded(phase.sets.maximum),
  };
}
