import { work } from '../batch-loop.ts';
import type { Contestant } from '../measure.ts';
import { type BatchRequest, RequestStream, StridingStream } from '../requests.ts';
import { fill, readAll, removeAll } from '../stage.ts';
import type { Method } from '../stores/store.ts';
import type { Entrant } from './entrants.ts';

/** Requests for `size` sessions, round and round: each was set and read, and is in memory where there is room. */
export async function onKnownSessions(
  entrant: Entrant,
  method: Method,
  size: number,
): Promise<Contestant> {
  const stream = new RequestStream(size);
  await fill(entrant.store, stream.all());
  await readAll(entrant.store, stream.all());
  return contestant(entrant, method, (operations) => stream.takeKnown(operations));
}

/** Gets sessions all over a file of `size` sessions; `start` as in {@link StridingStream}. */
export function gettingAllOver(entrant: Entrant, size: number, start: number): Contestant {
  const stream = new StridingStream(size, start);
  return contestant(entrant, 'get', (operations) => stream.take(operations));
}

/**
 * Sets sessions that never were there, besides `size` others. Those of the batch before are removed first,
 * so that a store is of the same size in each round.
 */
export async function settingNew(entrant: Entrant, size: number): Promise<Contestant> {
  const stream = new RequestStream(size);
  await fill(entrant.store, stream.all());
  let last: BatchRequest[] = [];
  return contestant(entrant, 'set', async (operations) => {
    await removeAll(entrant.store, last);
    last = stream.takeNew(operations);
    return last;
  });
}

/** Invalidates sessions that were set just before the batch, besides `size` others. */
export async function invalidatingNew(entrant: Entrant, size: number): Promise<Contestant> {
  const stream = new RequestStream(size);
  await fill(entrant.store, stream.all());
  return contestant(entrant, 'invalidate', async (operations) => {
    const requests = stream.takeNew(operations);
    await fill(entrant.store, requests);
    return requests;
  });
}

/** The same once more, with `width` promises awaited together. */
export function inFlight(contestant: Contestant, width: number): Contestant {
  return {
    ...contestant,
    name: `${contestant.name}, ${width} in flight`,
    note: `the same with ${width} requests at a time`,
    work: { ...contestant.work, answers: width },
  };
}

function contestant(
  { store, answersAtOnce, paired = false, ...about }: Entrant,
  method: Method,
  requests: (operations: number) => BatchRequest[] | Promise<BatchRequest[]>,
): Contestant {
  return {
    ...about,
    paired,
    work: work(store, method, answersAtOnce.includes(method) ? 'at once' : 1),
    prepare: async (operations) => {
      const batch = await requests(operations);
      store.makeReady?.(batch);
      return batch;
    },
  };
}
