import type { Environment } from '../environment.ts';
import { type Figure, isMet } from './figures.ts';
import type { LeaseFindings, LeaseScene } from './scene.ts';

/** All that one run has found out; what is written as JSON. */
export interface LeaseRunReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** A short run, good for a look and not for a claim. */
  readonly quick: boolean;
  readonly environment: Environment;
  readonly scenes: readonly LeaseSceneReport[];
}

export type LeaseSceneReport = Pick<LeaseScene, 'name' | 'title' | 'about'> & LeaseFindings;

/** No peers take part: most of them need a server, and the longest of these times is four hours. */
export const PEERS =
  'No peers take part in this run. In words, by their own defaults: after kill -9, client-go and River replace a leader within 15 s, Oban within ' +
  '30 s, Solid Queue takes up work again after 5 minutes and graphile-worker after 4 hours; ShedLock and redlock wait for the end of the time that the caller gave. ' +
  'etcd has a fencing token, but compares it only if the transaction asks for that; ShedLock and redlock have none, and a late write goes through.';

/** The columns of a figure: what, bound, measured, verdict. */
export function columnsOf(figure: Figure): [string, string, string, string] {
  const { what, measured, unit, bound } = figure;
  const verdict = isMet(figure) ? 'met' : 'NOT MET';
  if (bound === null) return [what, '', withUnit(measured, unit), ''];
  if ('atMost' in bound) {
    return [what, `at most ${withUnit(bound.atMost, unit)}`, withUnit(measured, unit), verdict];
  }
  return [what, withUnit(bound.exactly, unit), withUnit(measured, unit), verdict];
}

function withUnit(value: number, unit: Figure['unit']): string {
  if (unit === '') return value.toLocaleString('en');
  if (unit === 'ms') return `${Math.round(value).toLocaleString('en')} ms`;
  return `${value.toFixed(2)} ${unit}`;
}
