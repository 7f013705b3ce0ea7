import type { Session } from '../../../src/index.ts';
import type { DiskEvent } from './disk-events.ts';

export const LEASE = 'scheduler';
export const JOB = 'job';

/** What a line begins with that says it; other programs, which are started on the way, write to their standard output, too. */
export const PROMISED = 'promised: ';

/** A session that says which it is. No token is used twice. */
export interface StoredSession extends Session {
  readonly token: string;
  readonly text: string;
}

/** What has returned, as the process said it. */
export type Promised =
  | { readonly revoked: readonly string[] }
  | { readonly fencingToken: number }
  | { readonly begunTick: number };

/** All that had returned by some moment. */
export class Promises {
  readonly revoked: string[] = [];
  readonly begunTicks: number[] = [];
  /** The highest one that anybody has seen. */
  fencingToken = 0;

  heard(event: DiskEvent): void {
    if (event.does !== 'say' || !event.line.startsWith(PROMISED)) return;
    const promised = JSON.parse(event.line.slice(PROMISED.length)) as Promised;
    if ('revoked' in promised) this.revoked.push(...promised.revoked);
    else if ('begunTick' in promised) this.begunTicks.push(promised.begunTick);
    else this.fencingToken = Math.max(this.fencingToken, promised.fencingToken);
  }
}
