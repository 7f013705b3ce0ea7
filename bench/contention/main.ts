// `tsx bench/contention/main.ts [--seconds 30] [--processes 8] [--write]`: prints what `contention.ts` finds out, and with --write keeps it in
// bench/results/contention. Ends with 1 when a bound is not met.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { environmentAsText } from '../report/text.ts';
import { type ContentionReport, type ContentionRow, run } from './contention.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    processes: { type: 'string', default: '8' },
    write: { type: 'boolean', default: false },
  },
});
const report = await run({ seconds: Number(values.seconds), processes: Number(values.processes) });
console.log(`${environmentAsText(report.environment)}\n`);
for (const row of report.rows) console.log(rowAsText(row));
for (const { text, met } of report.bounds) console.log(`${met ? 'Met' : 'NOT MET'}: ${text}`);
if (values.write) console.log(`Wrote ${write(report)}`);
if (report.bounds.some(({ met }) => !met)) process.exitCode = 1;

function rowAsText(row: ContentionRow): string {
  const { p50, p99, p999, p9999, worst } = row.milliseconds;
  const { least, most } = row.writesOfProcess;
  const failed = Object.values(row.failures).reduce((sum, count) => sum + count, 0);
  return [
    `${row.name} (${row.note})`,
    `  ${row.writes} writes, ${least} to ${most} by each process, ${failed} failed`,
    `  p50 ${p50.toFixed(3)}  p99 ${p99.toFixed(1)}  p99.9 ${p999.toFixed(1)}  p99.99 ${p9999.toFixed(1)}  worst ${worst.toFixed(0)} ms`,
    `  ${row.cpuSeconds.toFixed(1)} s of CPU, -wal up to ${row.walMegabytes.toFixed(1)} MB`,
  ].join('\n');
}

function write(report: ContentionReport): string {
  const folder = new URL('../results/contention/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${report.startedAt.slice(0, 10)}.json`, folder);
  const rounded = (_key: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  writeFileSync(file, `${JSON.stringify(report, rounded, 2)}\n`);
  return fileURLToPath(file);
}
