import path from 'node:path';
import type { DatabaseSessionCacheOptions } from 'onehost';
import { ONEHOST } from '../scenes/entrants.ts';
import { DatabaseSubject } from '../stores/onehost.ts';
import { PEERS } from '../stores/peers.ts';
import { METHODS, type OpenOptions, type Peer } from '../stores/store.ts';

/** A store as the processes of an app use it. */
export interface Contender
  extends Pick<Peer, 'name' | 'note' | 'keptIn' | 'answersAtOnce' | 'open'> {
  /** How many visits each process has before any are measured: as many as fill its memory, if it has one. */
  readonly warmUpVisits: number;
}

export const ONEHOST_FILE = 'onehost.db';
export const ON_DISK_AT_ONCE = 'onehost, revocations on disk';
export const EACH_TOUCH_WRITTEN = 'onehost, each touch written';
export const LARGE_NEAR_CACHE = 'onehost, a quarter in memory';

/** Until V8 has compiled what they run. */
const WARM_UP_VISITS = 5000;
const DEFAULT_NEAR_CACHE = 10_000;
/** What the peers promise. Without it an invalidation is on disk when it returns. */
const LIKE_PEERS: DatabaseSessionCacheOptions = { revocationDurability: 'process-crash' };

/** @throws RangeError when there is none of that name. */
export function contenderNamed(name: string, sessions: number): Contender {
  if (name === ONEHOST) {
    return onehost(name, "revocationDurability: 'process-crash', as the peers", LIKE_PEERS);
  }
  if (name === ON_DISK_AT_ONCE) return onehost(name, 'as it is without options', {});
  if (name === EACH_TOUCH_WRITTEN) {
    return onehost(name, 'touchWriteShare: 0', { ...LIKE_PEERS, touchWriteShare: 0 });
  }
  if (name === LARGE_NEAR_CACHE) {
    const nearCacheEntries = Math.ceil(sessions / 4);
    const note = `nearCacheEntries: ${nearCacheEntries.toLocaleString('en')}`;
    return onehost(name, note, { ...LIKE_PEERS, nearCacheEntries });
  }
  const peer = PEERS.find((each) => each.name === name);
  if (peer === undefined) throw new RangeError(`There is no store "${name}".`);
  return { ...peer, warmUpVisits: WARM_UP_VISITS };
}

function onehost(name: string, note: string, options: DatabaseSessionCacheOptions): Contender {
  return {
    name,
    note,
    keptIn: 'file',
    answersAtOnce: METHODS,
    // While the near cache is full, a session enters at its second visit.
    warmUpVisits: 3 * (options.nearCacheEntries ?? DEFAULT_NEAR_CACHE),
    open: ({ folder }: OpenOptions) =>
      DatabaseSubject.open(path.join(folder, ONEHOST_FILE), options),
  };
}
