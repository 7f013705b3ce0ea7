import { type Contestant, type Effort, type Measurement, measure } from './measure.ts';
import { type Summary, summarize } from './statistics.ts';

/** One line of a scene's table. */
export interface Row {
  readonly name: string;
  readonly note: string;
  readonly operationsPerBatch: number;
  /** The mean of each batch, in nanoseconds per operation. */
  readonly nanoseconds: readonly number[];
  readonly time: Summary;
  /** How many times as long as the first row it takes: 0.5 is twice as fast. */
  readonly ratio: Summary;
}

/** The first row may take up to `limit` times as long as the row named `against`. */
interface Bound {
  readonly against: string;
  readonly limit: number;
}

export interface BoundResult extends Bound {
  /** The row that is bound. */
  readonly of: string;
  /** How many times as long it takes. */
  readonly ratio: Summary;
  readonly met: boolean;
}

export interface Comparison {
  readonly rows: readonly Row[];
  readonly bounds: readonly BoundResult[];
}

export interface CompareOptions {
  /** The most operations of a batch. */
  readonly operations: number;
  /** How many times as long as usual a batch lasts: more where it must hold several checkpoints. */
  readonly batchFactor?: number;
  readonly bounds?: readonly Bound[];
}

/** Measures the contestants and divides by the first one. */
export async function compare(
  { effort, progress }: { readonly effort: Effort; progress(text: string): void },
  contestants: readonly Contestant[],
  { operations, batchFactor = 1, bounds = [] }: CompareOptions,
): Promise<Comparison> {
  const batchMilliseconds = effort.batchMilliseconds * batchFactor;
  const measured = await measure(
    contestants,
    operations,
    { ...effort, batchMilliseconds },
    progress,
  );
  const [first] = measured;
  if (first === undefined) throw new RangeError('A scene needs a contestant.');
  return {
    rows: measured.map((each) => toRow(each, first)),
    bounds: bounds.map(({ against, limit }) => {
      const other = measured.find(({ contestant }) => contestant.name === against);
      if (other === undefined) throw new RangeError(`There is no contestant "${against}".`);
      const ratio = summarize(ratios(first, other));
      return { of: first.contestant.name, against, limit, ratio, met: ratio.median <= limit };
    }),
  };
}

function toRow(measurement: Measurement, first: Measurement): Row {
  const { contestant, operationsPerBatch, nanoseconds } = measurement;
  return {
    name: contestant.name,
    note: contestant.note,
    operationsPerBatch,
    nanoseconds,
    time: summarize(nanoseconds),
    ratio: summarize(ratios(measurement, first)),
  };
}

/** Round by round, so that what slowed a whole round down falls out. */
function ratios(of: Measurement, to: Measurement): number[] {
  return of.nanoseconds.map((each, round) => each / (to.nanoseconds[round] as number));
}
