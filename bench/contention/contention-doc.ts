import { MarkedPart } from '../../test/support/marked-part.ts';
import { originAsMarkdown } from '../report/text.ts';
import type { ContentionReport, ContentionRow } from './contention.ts';

/** Where the table goes. */
export const contentionDoc = new MarkedPart('performance.md', 'contention');

/** `file` is where all of it is, below bench/results. */
export function writeContentionDoc(report: ContentionReport, file: string): void {
  contentionDoc.write(
    [
      originAsMarkdown(report),
      [
        '| | writes | by each process | failed | p50 | p99 | p99.9 | p99.99 | worst | `-wal` |',
        '| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
        ...report.rows.map(asLine),
      ].join('\n'),
      report.bounds.map(({ text, met }) => `- ${met ? 'Met' : '**Not met**'}: ${text}.`).join('\n'),
      `In numbers: [bench/results/${file}](../bench/results/${file})`,
    ].join('\n\n'),
  );
}

function asLine(row: ContentionRow): string {
  const { p50, p99, p999, p9999, worst } = row.milliseconds;
  const { least, most } = row.writesOfProcess;
  const failed = Object.values(row.failures).reduce((sum, count) => sum + count, 0);
  const cells = [
    `${row.name} (${row.note})`,
    row.writes.toLocaleString('en'),
    `${least.toLocaleString('en')} to ${most.toLocaleString('en')}`,
    failed,
    `${p50.toFixed(3)} ms`,
    `${p99.toFixed(1)} ms`,
    `${p999.toFixed(0)} ms`,
    `${p9999.toFixed(0)} ms`,
    `${worst.toFixed(0)} ms`,
    `${row.walMegabytes.toFixed(0)} MB`,
  ];
  return `| ${cells.join(' | ')} |`;
}
