/** Where the time comes from; a test passes one of its own, so that it never waits. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. Decides what has expired. */
  now(): number;
  /** Milliseconds from an arbitrary start, never falling. Measures how long something took. */
  monotonic(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
