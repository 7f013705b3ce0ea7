import type { ClaimContext, TestSession } from './harness.ts';

type KeepSession = (
  cache: ClaimContext['cache'],
  token: string,
  session: TestSession,
  ttlSeconds: number,
) => unknown;

/** How a session gets into a cache. A backend may have code of its own for each, and what is promised of the session is the same. */
export const waysIn: readonly (readonly [name: string, keep: KeepSession])[] = [
  ['set', (cache, token, session, ttlSeconds) => cache.set(token, session, ttlSeconds)],
  [
    'getOrLoad',
    (cache, token, session, ttlSeconds) => cache.getOrLoad(token, () => ({ session, ttlSeconds })),
  ],
];
