import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { Session, SessionCache } from '../../src/index.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import { type History, nanoseconds } from './history.ts';

export interface Numbered extends Session {
  readonly value: number;
}

export interface Workload {
  readonly operations: number;
  readonly tokens: number;
  readonly users: number;
  /** Makes the session numbers of this process its own. */
  readonly process: number;
  readonly seed: number;
}

/** How many loads a process may have under way. */
const MAX_LOADS = 8;

/** Does random operations on few keys and writes down each one with its beginning, its end and its outcome. */
export async function doRandomOperations(
  cache: SessionCache<Numbered>,
  workload: Workload,
  history: History,
): Promise<void> {
  const random = randomNumbers(workload.seed + workload.process);
  const below = (limit: number) => Math.floor(random() * limit);
  let lastValue = workload.process * 1e9;
  const loads = new Set<Promise<void>>();

  const load = async (tokenNumber: number, userNumber: number, slow: number) => {
    const value = ++lastValue;
    const begin = nanoseconds();
    // Slow loads are what invalidations fall into.
    if (slow < 0.5) await nextTurn();
    else await wait(slow * 4);
    history.add('load', tokenNumber, userNumber, value, begin, nanoseconds());
    return { session: { userId: `user ${userNumber}`, value }, ttlSeconds: 3600 };
  };

  const getOrLoad = async (tokenNumber: number) => {
    const begin = nanoseconds();
    // A loader may run several times: each run is a session of its own.
    const session = await cache
      .getOrLoad(`token ${tokenNumber}`, () => load(tokenNumber, below(workload.users), random()))
      .catch((error: Error & { code?: string }) => {
        if (error.code !== 'ONEHOST_LOAD_REFUSED') throw error;
        return null;
      });
    history.add('getOrLoad', tokenNumber, -1, session?.value ?? 0, begin, nanoseconds());
  };

  for (let count = 0; count < workload.operations; count++) {
    const token = below(workload.tokens);
    const user = below(workload.users);
    const choice = random() * 100;
    const name = `token ${token}`;
    if (choice >= 85 && loads.size < MAX_LOADS) {
      const loading = getOrLoad(token).finally(() => loads.delete(loading));
      loads.add(loading);
    } else {
      const begin = nanoseconds();
      if (choice < 10) {
        const value = ++lastValue;
        await cache.set(name, { userId: `user ${user}`, value }, 3600);
        history.add('set', token, user, value, begin, nanoseconds());
      } else if (choice < 17) {
        await cache.touch(name, 3600 + below(3600));
        history.add('touch', token, -1, 0, begin, nanoseconds());
      } else if (choice < 21) {
        await cache.invalidate(name);
        history.add('invalidate', token, -1, 0, begin, nanoseconds());
      } else if (choice < 23) {
        await cache.invalidateByUser(`user ${user}`);
        history.add('invalidateByUser', -1, user, 0, begin, nanoseconds());
      } else if (choice < 24) {
        await cache.invalidateByUser(`user ${user}`, { exceptToken: name });
        history.add('invalidateByUser', token, user, 0, begin, nanoseconds());
      } else if (choice < 24.1) {
        await cache.clear();
        history.add('clear', -1, -1, 0, begin, nanoseconds());
      } else {
        const session = await cache.get(name);
        history.add('get', token, -1, session?.value ?? 0, begin, nanoseconds());
      }
    }
    // So that timers fire and loads end.
    if (count % 50 === 0) await nextTurn();
  }
  await Promise.all(loads);
}
