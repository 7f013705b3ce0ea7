/** The last moment that a `Date` can name. */
const END_OF_TIME = 8.64e15;

/**
 * When what begins to live `now` has expired, in whole milliseconds; rounded up, so that a lifetime is
 * never shorter than asked for. One that leads beyond what a `Date` can name ends there.
 */
export function expiryAfter(now: number, ttlSeconds: number): number {
  return Math.min(Math.ceil(now + ttlSeconds * 1000), END_OF_TIME);
}
