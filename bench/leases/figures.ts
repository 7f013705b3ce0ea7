import { summarize } from '../statistics.ts';

/** One line of a scene's table: what was measured, and what it may be. */
export interface Figure {
  readonly what: string;
  readonly measured: number;
  readonly unit: '' | 'ms' | '% of a core';
  /** `null` where it is told and not bound. */
  readonly bound: Bound | null;
}

type Bound = { readonly atMost: number } | { readonly exactly: number };

export function isMet({ measured, bound }: Figure): boolean {
  if (bound === null) return true;
  return 'atMost' in bound ? measured <= bound.atMost : measured === bound.exactly;
}

export function atMost(
  limit: number,
  unit: Figure['unit'],
  what: string,
  measured: number,
): Figure {
  return { what, measured, unit, bound: { atMost: limit } };
}

/** Something that has to be so in each round. */
export function each<Round>(
  rounds: readonly Round[],
  what: string,
  isSo: (round: Round) => boolean,
): Figure {
  const bound = { exactly: rounds.length };
  return { what, measured: rounds.filter(isSo).length, unit: '', bound };
}

/** Something that must never be. */
export function none(what: string, measured: number): Figure {
  return { what, measured, unit: '', bound: { exactly: 0 } };
}

/** What a reader should know besides: how much there was that could have gone wrong. */
export function told(what: string, measured: number, unit: Figure['unit'] = ''): Figure {
  return { what, measured, unit, bound: null };
}

export function median(numbers: readonly number[]): number {
  return summarize(numbers).median;
}
