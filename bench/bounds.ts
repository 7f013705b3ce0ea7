import { type Row, type Rows, ratios } from './compare.ts';
import { type Summary, summarize } from './statistics.ts';

/** One row may be so many times another one, at most or at least. */
export interface Bound {
  readonly of: Row;
  readonly against: Row;
  readonly direction: 'at most' | 'at least';
  readonly limit: number;
}

export interface BoundResult extends Pick<Bound, 'direction' | 'limit'> {
  /** The rows by their names. */
  readonly of: string;
  readonly against: string;
  /** How many times as much as the other it is. */
  readonly ratio: Summary;
  readonly met: boolean;
}

function judge({ of, against, direction, limit }: Bound): BoundResult {
  const ratio = summarize(ratios(of.samples, against.samples));
  return {
    of: fullName(of),
    against: fullName(against),
    direction,
    limit,
    ratio,
    met: direction === 'at most' ? ratio.median <= limit : ratio.median >= limit,
  };
}

/** The first row takes at most so many times as long as each of those named. */
export function atMostTimes(limit: number, rows: Rows, names: readonly string[]): BoundResult[] {
  const [of] = rows;
  if (of === undefined) throw new RangeError('A scene needs a contestant.');
  return names.flatMap((name) =>
    judgeAt(rows, {
      of: { name: of.name, group: undefined },
      against: { name, group: undefined },
      direction: 'at most',
      limit,
    }),
  );
}

/** A row by its name, at a group. */
export interface Place {
  readonly name: string;
  readonly group: string | undefined;
}

function rowAt(rows: Rows, { name, group }: Place): Row | undefined {
  return rows.find((row) => row.name === name && row.group?.label === group);
}

/** Nothing where one of the two was left out. */
export function judgeAt(
  rows: Rows,
  { of, against, ...limit }: Pick<Bound, 'direction' | 'limit'> & { of: Place; against: Place },
): BoundResult[] {
  const row = rowAt(rows, of);
  const other = rowAt(rows, against);
  return row && other ? [judge({ of: row, against: other, ...limit })] : [];
}

function fullName({ name, group }: Row): string {
  return group === undefined ? name : `${name} at ${group.label}`;
}
