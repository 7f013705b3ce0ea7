import { describe, expect, test } from 'vitest';
import { type SessionCacheHarness, sessionCacheConformance } from '../../src/testing/index.ts';
import * as broken from './broken-caches.ts';

/** The claims that fail for a backend, by name; of `chosen` alone, if they are given. */
async function failedClaims(harness: SessionCacheHarness, chosen?: string[]): Promise<string[]> {
  const claims: [string, () => unknown][] = [];
  const add = Object.assign((...claim: [string, () => unknown]) => claims.push(claim), {
    skip: () => {},
  });
  sessionCacheConformance({ describe: (_, body) => body(), test: add }, harness);
  const failed: string[] = [];
  for (const [name, body] of claims) {
    if (chosen?.includes(name) === false) continue;
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

const { sharedCaches } = broken;
const bounded = { coherence: 'bounded', staleSeconds: 1 } as const;
const dropped = 'after invalidate in one process no other gives the session';

const stale = 'a session that was invalidated is not given in another process after staleSeconds';

const cases: Record<string, [SessionCacheHarness, claims: string[]]> = {
  'keeps what it loads without the user': [
    sharedCaches({ overrides: broken.fillsWithoutIndex }),
    ['a session that was loaded is one of its user’s, and is touched and dropped as such'],
  ],
  'keeps what it loads as JSON': [
    sharedCaches({ overrides: broken.fillsWithJson }),
    [
      'what comes out equals what went in: dates',
      'what cannot survive is refused, and its place named: a function',
      'changing what came out changes nothing in the cache: a Map',
    ],
  ],
  'gives the caller what the loader gave': [
    sharedCaches({ overrides: broken.givesWhatTheLoaderGave }),
    [
      'what getOrLoad gives is not what the loader gave',
      'plain data comes out of getOrLoad frozen too',
    ],
  ],
  'asks its memory alone before it loads': [
    sharedCaches({ overrides: broken.loadsFromMemory }),
    [dropped],
  ],
  'keeps from others that their load failed': [
    sharedCaches({ overrides: broken.keepsFailuresFromOthers }),
    ['what the loader throws reaches every caller that shared the load'],
  ],
  'sets what it touches': [
    sharedCaches({ overrides: broken.setsWhatItTouches }),
    ['a touch at the same time as an invalidation does not bring the session back'],
  ],
  'forgets all when the last cache is closed': [
    sharedCaches({ allClosed: ({ kept }) => kept.clear() }),
    ['entries are there for a cache that is opened when all were closed'],
  ],
  'gives what was invalidated for longer than it says': [
    sharedCaches({ capabilities: bounded, overrides: broken.remembersFor(2) }),
    [stale],
  ],
};

describe('the suite of session caches', () => {
  test('passes for the cache that the broken ones are made of', async () => {
    expect(await failedClaims(sharedCaches())).toEqual([]);
  });

  test('lets a cache be as stale as it says', async () => {
    const overrides = broken.remembersFor(1);
    expect(await failedClaims(sharedCaches({ capabilities: bounded, overrides }), [stale])).toEqual(
      [],
    );
  });

  test.each(Object.entries(cases))('fails for a cache that %s', async (_, [harness, claims]) => {
    expect(await failedClaims(harness, claims)).toEqual(claims);
  });
});
