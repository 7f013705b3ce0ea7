import type { BoundResult } from '../bounds.ts';
import type { Row } from '../compare.ts';
import type { Unit } from '../scenes/scene.ts';
import type { SceneReport } from './run-report.ts';
import { formatRatio, formatSpread, formatTime, formatValue } from './units.ts';

/** A scene's numbers as words, for whoever draws the lines between them. */
export interface Table {
  /** The first and the last column are text, those between them numbers. */
  readonly head: readonly string[];
  readonly groups: readonly {
    readonly label: string | null;
    readonly lines: readonly string[][];
  }[];
}

const SHORT: Readonly<Record<Unit, string>> = {
  nanoseconds: 'time',
  'operations per second': 'operations/s',
  bytes: 'bytes',
};

export function tableOf({ rows, unit }: SceneReport): Table {
  const withLatency = rows.some(({ latency }) => latency !== undefined);
  const withSpread = rows.some(({ samples }) => samples.length > 1);
  const line = ({ name, note, value, ratio, latency }: Row) => [
    name,
    formatValue(unit, value.median),
    ...(withSpread ? [formatSpread(value)] : []),
    formatRatio(ratio.median),
    ...(withLatency ? [latency?.p50, latency?.p99].map((time) => formatTime(time ?? 0)) : []),
    note,
  ];
  const labels = [...new Set(rows.map(({ group }) => group?.label ?? null))];
  return {
    head: [
      '',
      SHORT[unit],
      ...(withSpread ? ['spread'] : []),
      '× onehost',
      ...(withLatency ? ['p50', 'p99'] : []),
      '',
    ],
    groups: labels.map((label) => ({
      label,
      lines: rows.filter(({ group }) => (group?.label ?? null) === label).map(line),
    })),
  };
}

/** `onehost takes 1.20 times what "raw" takes; at most 2.00 is allowed`. */
export function boundAsText({ of, against, direction, limit, ratio }: BoundResult): string {
  const allowed = direction === 'at most' ? 'is allowed' : 'is asked for';
  return (
    `"${of}" is ${formatRatio(ratio.median)} times "${against}" (half of the rounds: ` +
    `${formatRatio(ratio.lowerQuartile)} to ${formatRatio(ratio.upperQuartile)}); ${direction} ${formatRatio(limit)} ${allowed}`
  );
}
