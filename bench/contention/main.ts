// `npm run bench:contention [-- --seconds 30 --processes 8 --write]`: prints what `contention.ts` finds out. With --write it is kept in
// bench/results/contention, and a table of it in docs/performance.md. Ends with 1 when a bound is not met.
import { parseArgs } from 'node:util';
import { writeOwnResult } from '../report/results.ts';
import { environmentAsText } from '../report/text.ts';
import { type ContentionRow, run } from './contention.ts';
import { contentionDoc, writeContentionDoc } from './contention-doc.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    processes: { type: 'string', default: '8' },
    write: { type: 'boolean', default: false },
  },
});
if (values.write) contentionDoc.assertThere();
const report = await run({ seconds: Number(values.seconds), processes: Number(values.processes) });
console.log(`${environmentAsText(report.environment)}\n`);
for (const row of report.rows) console.log(rowAsText(row));
for (const { text, met } of report.bounds) console.log(`${met ? 'Met' : 'NOT MET'}: ${text}`);
if (values.write) writeContentionDoc(report, writeOwnResult('contention', report));
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
