import type { Awaitable } from 'onehost';
import type { SessionStore } from '../stores/store.ts';
import type { Visit } from './visits.ts';

/** One of so many operations is timed by itself: to look at the clock takes as long as a quick one. */
const TIMED_EVERY = 16;
const MOST_LATENCIES = 20_000;
/** Of all operations: a session may be asked for while its user has logged out in another process. */
const UNANSWERED = 0.01;

export interface Played {
  readonly operations: number;
  readonly milliseconds: number;
  /** Of some of the operations, in nanoseconds. */
  readonly latencies: Float64Array;
}

/** When to play, in nanoseconds of the machine's monotonic clock, which all processes share. */
export interface Period {
  readonly begin: bigint;
  readonly end: bigint;
}

/** One visit after the other, round and round, from `begin` to `end`. */
export async function play(
  store: SessionStore,
  visits: readonly Visit[],
  { begin, end }: Period,
  atOnce: boolean,
): Promise<Played> {
  // A timer would come too late.
  while (process.hrtime.bigint() < begin);
  const start = performance.now();
  const until = start + Number(end - process.hrtime.bigint()) / 1e6;
  const tally = atOnce
    ? playAtOnce(store, visits, until)
    : await playAwaiting(store, visits, until);
  const milliseconds = performance.now() - start;
  const unanswered = tally.operations - tally.answered;
  if (unanswered > tally.operations * UNANSWERED) {
    throw new Error(
      `${unanswered} of ${tally.operations} operations found no session, so their time would mean nothing.`,
    );
  }
  const step = Math.ceil(tally.latencies.length / MOST_LATENCIES);
  return {
    operations: tally.operations,
    milliseconds,
    latencies: Float64Array.from(
      tally.latencies.filter((_, place) => place % step === 0),
      (latency) => latency * 1e6,
    ),
  };
}

interface Tally {
  readonly operations: number;
  readonly answered: number;
  /** In milliseconds. */
  readonly latencies: readonly number[];
}

function playAtOnce(store: SessionStore, visits: readonly Visit[], until: number): Tally {
  const latencies: number[] = [];
  let operations = 0;
  let answered = 0;
  for (;;) {
    const begin = performance.now();
    if (begin >= until) return { operations, answered, latencies };
    for (let n = 0; n < TIMED_EVERY; n++) {
      if (carryOut(store, visits[operations++ % visits.length] as Visit)) answered++;
      if (n === 0) latencies.push(performance.now() - begin);
    }
  }
}

/** A loop of its own: to await what is no promise costs as much as a quick operation. */
async function playAwaiting(
  store: SessionStore,
  visits: readonly Visit[],
  until: number,
): Promise<Tally> {
  const latencies: number[] = [];
  let operations = 0;
  let answered = 0;
  for (;;) {
    const begin = performance.now();
    if (begin >= until) return { operations, answered, latencies };
    for (let n = 0; n < TIMED_EVERY; n++) {
      if (await carryOut(store, visits[operations++ % visits.length] as Visit)) answered++;
      if (n === 0) latencies.push(performance.now() - begin);
    }
  }
}

function carryOut(store: SessionStore, visit: Visit): Awaitable<unknown> {
  switch (visit.method) {
    case 'get':
      return store.get(visit);
    case 'touch':
      return store.touch(visit);
    case 'set':
      return store.set(visit);
    case 'invalidate':
      return store.invalidate(visit);
  }
}
