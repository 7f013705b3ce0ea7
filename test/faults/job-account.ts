import type { RunOutcome } from '../../src/index.ts';
import { type Begun, TICK_MILLISECONDS } from './job-messages.ts';
import type { Effect, JobRecords, Run } from './job-records.ts';

/** What became of each second between the first tick and the last. */
export interface JobAccount {
  /** How many ticks there were, and with which outcome. */
  readonly ticks: number;
  readonly succeeded: number;
  readonly abandoned: number;
  readonly missed: number;
  readonly others: number;
  /** How many ticks are in no record. */
  readonly unaccounted: number;
  /** Which ticks were begun or written more than once. */
  readonly doubles: readonly string[];
  /** Which are in no record, or in two. */
  readonly misrecorded: readonly string[];
  /** Where the records are at odds with what was begun and written. */
  readonly disagreements: readonly string[];
}

/** Holds the ledger, the table that the job wrote, and what the processes reported against each other. All of them have ended. */
export function accountFor(records: JobRecords, begun: readonly Begun[]): JobAccount {
  const { runs, effects } = records;
  const gaps = gapsIn(records);
  const recordedTwice = runs.filter(({ first }, index) => first <= (runs[index - 1]?.last ?? 0));
  const count = (outcome: RunOutcome) =>
    runs.reduce((sum, run) => sum + (run.outcome === outcome ? run.ticks : 0), 0);
  const ticks = runs.reduce((sum, run) => sum + run.ticks, 0);
  const [succeeded, abandoned, missed] = [count('succeeded'), count('abandoned'), count('missed')];
  return {
    ticks,
    succeeded,
    abandoned,
    missed,
    others: ticks - succeeded - abandoned - missed,
    unaccounted: gaps.reduce((sum, gap) => sum + gap.ticks, 0),
    doubles: [
      ...repeated(begun).map((tick) => `${at(tick)} was begun twice`),
      ...repeated(effects).map((tick) => `${at(tick)} was written twice`),
    ],
    misrecorded: [
      ...gaps.map(({ after, ticks }) => `${ticks} ticks after ${at(after)} are in no record`),
      ...recordedTwice.map(({ first }) => `${at(first)} is in two records`),
    ],
    disagreements: disagreements(runs, begun, effects),
  };
}

/** Where seconds are left out: between two records, before the first one, or after the last one. */
function gapsIn({
  registeredAt,
  handledUntil,
  runs,
}: JobRecords): { after: number; ticks: number }[] {
  const before = Math.floor(registeredAt / TICK_MILLISECONDS) * TICK_MILLISECONDS;
  const ends = [before, ...runs.map(({ last }) => last)];
  const begins = [...runs.map(({ first }) => first), handledUntil + TICK_MILLISECONDS];
  const between = ends.map((after, index) => ({
    after,
    ticks: ((begins[index] ?? after) - after) / TICK_MILLISECONDS - 1,
  }));
  // A record of several ticks leaves none out between its first and its last.
  const within = runs.map(({ first, last, ticks }) => ({
    after: first,
    ticks: (last - first) / TICK_MILLISECONDS + 1 - ticks,
  }));
  return [...between, ...within].filter(({ ticks }) => ticks > 0);
}

function repeated(entries: readonly { readonly tick: number }[]): number[] {
  const ticks = entries.map(({ tick }) => tick);
  return ticks.filter((tick, index) => ticks.indexOf(tick) !== index);
}

/** Between the records, and what was begun and written. */
function disagreements(
  runs: readonly Run[],
  begun: readonly Begun[],
  effects: readonly Effect[],
): string[] {
  const written = new Set(effects.map(({ tick }) => tick));
  const tried = new Map(
    runs
      .filter(({ outcome }) => outcome !== 'missed' && outcome !== 'skipped')
      .map((run) => [run.first, run]),
  );
  return [
    ...runs
      .filter(({ outcome }) => outcome === 'running')
      .map(({ first }) => `${at(first)} is recorded as running, and nobody is left to run it`),
    ...runs
      .filter(({ outcome, first }) => outcome === 'succeeded' && !written.has(first))
      .map(({ first }) => `${at(first)} is recorded as succeeded, and was not written`),
    ...begun
      .filter(({ tick, fencingToken }) => tried.get(tick)?.token !== fencingToken)
      .map(({ tick }) => `${at(tick)} was begun, and that is in no record`),
    ...effects
      .filter(({ tick, token }) => tried.get(tick)?.token !== token)
      .map(({ tick }) => `${at(tick)} was written, and not by the run that is recorded`),
    ...effects
      .filter(({ token }, index) => token < (effects[index - 1]?.token ?? 0))
      .map(({ tick }) => `${at(tick)} was written after a later term had written`),
  ];
}

function at(time: number): string {
  return new Date(time).toISOString();
}
