import { MarkedPart } from '../../test/support/marked-part.ts';
import type { Environment } from '../environment.ts';
import { originAsMarkdown } from '../report/text.ts';
import type { Phase, PurgeBenchReport } from './purge-bench.ts';

interface PurgeRun extends PurgeBenchReport {
  readonly startedAt: string;
  readonly environment: Environment;
}

/** Where the table goes. */
export const purgeDoc = new MarkedPart('performance.md', 'purge');

/** `file` is where all of it is, below bench/results. */
export function writePurgeDoc(run: PurgeRun, file: string): void {
  purgeDoc.write(
    [
      originAsMarkdown(run),
      [
        '| | seconds | removed | longest hold | own part | of an idle process | `set` p50 | p99 | longest | `-wal` |',
        '| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
        ...run.phases.map(asLine),
      ].join('\n'),
      run.bounds
        .map(
          ({ what, found, limit, met }) =>
            `- ${met ? 'Met' : '**Not met**'}: ${what}: ${found.toFixed(2)}; at most ${limit} is asked for.`,
        )
        .join('\n'),
      `In numbers: [bench/results/${file}](../bench/results/${file})`,
    ].join('\n\n'),
  );
}

function asLine(phase: Phase): string {
  const milliseconds = (value: number) => `${value.toPrecision(3)} ms`;
  const cells = [
    phase.name,
    phase.seconds.toFixed(phase.seconds < 1 ? 3 : 0),
    phase.removed.toLocaleString('en'),
    milliseconds(phase.longestHoldMilliseconds),
    milliseconds(phase.longestOwnHoldMilliseconds),
    milliseconds(phase.bystanderHoldMilliseconds),
    milliseconds(phase.sets.p50),
    milliseconds(phase.sets.p99),
    milliseconds(phase.sets.maximum),
    `${phase.largestWalMiB.toFixed(0)} MiB`,
  ];
  return `| ${cells.join(' | ')} |`;
}
