import { types } from 'node:util';
import { InvalidOptionError } from '../contract/errors/index.ts';
import type { FinishedRun, UnrunTicks } from '../contract/job-ledger.ts';
import { assertName, describeType } from '../contract/validate-arguments.ts';
import { assertInteger, assertKnownOptions, assertOneOf } from '../contract/validate-options.ts';

/** The longest error that is kept, in UTF-16 code units. */
const MAX_ERROR_LENGTH = 2000;

/** @throws InvalidOptionError */
export function readKeptRuns(keptRuns = 1000): number {
  assertInteger('keptRuns', keptRuns, { least: 1, most: 100_000 });
  return keptRuns;
}

/** How many runs are to be read at most; `null`: all. @throws InvalidOptionError */
export function readLimit(options: { readonly limit?: number | undefined }): number | null {
  assertKnownOptions('runs', options, ['limit']);
  const { limit } = options;
  if (limit === undefined) return null;
  assertInteger('limit', limit, { least: 1, most: Number.MAX_SAFE_INTEGER });
  return limit;
}

/** @throws InvalidNameError, InvalidOptionError */
export function readFinishedRun(run: FinishedRun): Omit<FinishedRun, 'scheduledFor'> & {
  readonly scheduledFor: number;
} {
  const { job, outcome, attempts } = run;
  assertName('job', job);
  const scheduledFor = readTime('scheduledFor', run.scheduledFor);
  assertOneOf('outcome', outcome, ['succeeded', 'failed', 'timed-out', 'stopped']);
  assertInteger('attempts', attempts, { least: 0, most: Number.MAX_SAFE_INTEGER });
  const error = run.error === null ? null : keptError(readText('error', run.error));
  return { job, scheduledFor, outcome, attempts, error };
}

/** @throws InvalidNameError, InvalidOptionError */
export function readUnrunTicks(unrun: UnrunTicks): {
  readonly job: string;
  readonly outcome: UnrunTicks['outcome'];
  readonly first: number;
  readonly last: number;
  readonly ticks: number;
} {
  const { job, outcome, ticks } = unrun;
  assertName('job', job);
  assertOneOf('outcome', outcome, ['missed', 'skipped']);
  const first = readTime('first', unrun.first);
  const last = readTime('last', unrun.last);
  // Two ticks are at least a millisecond apart.
  const [least, most] = last > first ? [2, last - first + 1] : [1, 1];
  if (last < first) {
    throw new InvalidOptionError(
      `last must not be before first, but found ${new Date(last).toISOString()} and ${new Date(first).toISOString()}.`,
    );
  }
  assertInteger('ticks', ticks, { least, most });
  return { job, outcome, first, last, ticks };
}

/** @throws InvalidOptionError */
export function readTime(name: string, date: unknown): number {
  // Of what it is, whatever its prototype says.
  const time = types.isDate(date) ? Date.prototype.getTime.call(date) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  const found = types.isDate(date) ? 'an invalid Date' : describeType(date);
  throw new InvalidOptionError(`${name} must be a valid Date, but found ${found}.`);
}

/** @throws InvalidOptionError */
export function readText(name: string, text: unknown): string {
  // No database keeps a lone surrogate, and what is read again has to be what was compared.
  if (typeof text === 'string') return text.toWellFormed();
  throw new InvalidOptionError(`${name} must be a string, but found ${describeType(text)}.`);
}

/** At most {@link MAX_ERROR_LENGTH} code units, and no half of a character at their end. */
function keptError(error: string): string {
  const kept = error.slice(0, MAX_ERROR_LENGTH);
  return kept.isWellFormed() ? kept : kept.slice(0, -1);
}
