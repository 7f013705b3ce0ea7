/** Where the middle of some numbers lies, and how far they spread around it. */
export interface Summary {
  readonly median: number;
  /** A quarter of the numbers lie below it. */
  readonly lowerQuartile: number;
  /** A quarter of the numbers lie above it. */
  readonly upperQuartile: number;
}

export function summarize(numbers: readonly number[]): Summary {
  const sorted = [...numbers].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
  };
}

/** Half the distance between the quartiles as a share of the median: half of all batches lie within. */
export function spread(summary: Summary): number {
  return (summary.upperQuartile - summary.lowerQuartile) / 2 / summary.median;
}

/** Linear between the two nearest numbers, as most statistics programs do it. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('No numbers to summarize.');
  return below + (above - below) * (position - Math.floor(position));
}
