import type { Awaitable } from '../../contract/awaitable.ts';
import type { SessionCacheCapabilities } from '../../contract/capabilities.ts';
import type { Session } from '../../contract/session.ts';
import type { SessionCache } from '../../contract/session-cache.ts';
import type { TestRunner } from '../test-runner.ts';

/** What the suite keeps: a user id and anything else. */
export interface TestSession extends Session {
  readonly [key: string]: unknown;
}

/** An empty place where sessions are kept: a file, a server's database, or a process's memory. */
export interface TestStore {
  /** A further cache on this store; where the reach is wider than the process, as another process has. */
  openCache(): Awaitable<SessionCache<TestSession>>;
  /** Lets the time pass by which the store's entries expire. */
  advance(seconds: number): Awaitable<void>;
  /** Ends what was opened. Caches are closed by the suite before. */
  close(): Awaitable<void>;
}

/** What has to be said of a backend to run the suite on it. */
export interface SessionCacheHarness {
  readonly name: string;
  /** What the backend's caches say of themselves; what it cannot do is skipped, and shown as such. */
  readonly capabilities: SessionCacheCapabilities;
  createStore(): Awaitable<TestStore>;
}

/** What the body of a claim gets. */
export interface ClaimContext {
  readonly cache: SessionCache<TestSession>;
  /** Another cache on the same store, for claims that need `other`. */
  readonly other: SessionCache<TestSession>;
  /** A further cache on the same store, closed afterwards. */
  openCache(): Promise<SessionCache<TestSession>>;
  advance(seconds: number): Awaitable<void>;
}

/**
 * What a backend must be able to do for a claim to mean anything; `other`: what one cache does holds in another at once; `bounded`: it holds there
 * after `staleSeconds`; `purging`: what has expired stays until somebody removes it.
 */
type Need = 'retains' | 'other' | 'bounded' | 'persistent' | 'purging';

export type Claim = (
  name: string,
  needs: readonly Need[],
  body: (context: ClaimContext) => Promise<void>,
) => void;

/** Turns claims into tests of `runner`: a fresh store for each, closed afterwards. */
export function claimsOf(runner: TestRunner, harness: SessionCacheHarness): Claim {
  const { capabilities } = harness;
  const isShared = capabilities.reach !== 'process' && capabilities.retains;
  const lacks: Record<Need, boolean> = {
    retains: !capabilities.retains,
    other: !isShared || capabilities.coherence !== 'strict',
    bounded: !isShared || capabilities.coherence !== 'bounded',
    persistent: !capabilities.persistent,
    purging: !capabilities.retains || capabilities.selfPurging === true,
  };
  return (name, needs, body) => {
    const lacking = needs.filter((need) => lacks[need]);
    if (lacking.length > 0) {
      runner.test.skip(`${name} (not for this backend: ${lacking.join(', ')})`, async () => {});
      return;
    }
    runner.test(name, async () => {
      const store = await harness.createStore();
      const opened: SessionCache<TestSession>[] = [];
      const openCache = async () => {
        const cache = await store.openCache();
        opened.push(cache);
        return cache;
      };
      try {
        const cache = await openCache();
        const other = needs.includes('other') ? await openCache() : cache;
        await body({ cache, other, openCache, advance: (seconds) => store.advance(seconds) });
      } finally {
        for (const cache of opened) await cache.close();
        await store.close();
      }
    });
  };
}
