import { CacheClosedError, InMemorySessionCache, type SessionCache } from '../../src/index.ts';
import {
  ManualClock,
  type SessionCacheHarness,
  type TestSession,
} from '../../src/testing/index.ts';

type Cache = SessionCache<TestSession>;
type GetOrLoad = Cache['getOrLoad'];
type Load = Parameters<GetOrLoad>[1];

/** What one cache of a store does otherwise than the sound one that it stands before. */
type Overrides = Partial<Cache>;

interface Store {
  readonly kept: InMemorySessionCache<TestSession>;
  readonly clock: ManualClock;
}

/** Sessions in memory that several caches share, as those of several processes do, and that outlive them. */
export function sharedCaches(
  parts: {
    readonly capabilities?: Partial<SessionCacheHarness['capabilities']>;
    readonly overrides?: (store: Store) => Overrides;
    readonly allClosed?: (store: Store) => void;
  } = {},
): SessionCacheHarness {
  const capabilities = Object.freeze({
    reach: 'host',
    persistent: true,
    retains: true,
    coherence: 'strict',
    staleSeconds: 0,
    ...parts.capabilities,
  } as const);
  return {
    name: 'a cache',
    capabilities,
    createStore: () => {
      const clock = new ManualClock();
      const store = { clock, kept: new InMemorySessionCache<TestSession>({ clock }) };
      let open = 0;
      return {
        openCache: () => {
          open++;
          const onClose = () => {
            if (--open === 0) parts.allClosed?.(store);
          };
          return cacheBefore(store, capabilities, parts.overrides?.(store) ?? {}, onClose);
        },
        advance: (seconds) => clock.advance(seconds),
        close: () => store.kept.close(),
      };
    },
  };
}

function cacheBefore(
  { kept }: Store,
  capabilities: SessionCacheHarness['capabilities'],
  overrides: Overrides,
  onClose: () => void,
): Cache {
  let isClosed = false;
  const close = () => {
    if (!isClosed) onClose();
    isClosed = true;
  };
  const own: Record<PropertyKey, unknown> = {
    capabilities,
    close,
    [Symbol.asyncDispose]: async () => close(),
  };
  return new Proxy(kept, {
    get: (_, name) => {
      if (Object.hasOwn(own, name)) return own[name];
      const found: unknown = Reflect.get(overrides, name) ?? Reflect.get(kept, name);
      if (typeof found !== 'function') return found;
      return (...args: unknown[]) => {
        if (!isClosed) return found.apply(kept, args);
        const error = new CacheClosedError('A cache');
        if (name === 'getOrLoad' || name === 'purgeExpired') return Promise.reject(error);
        throw error;
      };
    },
  });
}

/** What was loaded is kept beside the sessions, and found by its token alone. */
export function fillsWithoutIndex({ kept, clock }: Store): Overrides {
  const loaded = new Map<string, { session: TestSession; expiresAt: number }>();
  const get = (token: string) => {
    const own = loaded.get(token);
    return kept.get(token) ?? (own && own.expiresAt > clock.now() ? own.session : null);
  };
  return {
    get,
    getOrLoad: async (token, load) => {
      const there = get(token);
      if (there !== null) return there;
      const found = await load(token);
      if (!found) return null;
      const expiresAt = clock.now() + found.ttlSeconds * 1000;
      loaded.set(token, { session: found.session, expiresAt });
      return found.session;
    },
  };
}

/** `change` comes between the loader and the cache. */
function changesLoaded(
  kept: Store['kept'],
  change: (session: TestSession) => TestSession,
): GetOrLoad {
  return (token: string, load: Load) =>
    kept.getOrLoad(token, async (...args) => {
      const found = await load(...args);
      return found?.session ? { ...found, session: change(found.session) } : found;
    });
}

export function fillsWithJson({ kept }: Store): Overrides {
  return { getOrLoad: changesLoaded(kept, (session) => JSON.parse(JSON.stringify(session))) };
}

export function givesWhatTheLoaderGave({ kept }: Store): Overrides {
  return {
    getOrLoad: async (token, load) => {
      let given: TestSession | undefined;
      const keep = changesLoaded(kept, (session) => {
        given = session;
        return session;
      });
      const held = await keep(token, load);
      return given ?? held;
    },
  };
}

/** Only `getOrLoad` gives what was invalidated by another cache. */
export function loadsFromMemory({ kept }: Store): Overrides {
  const seen = new Map<string, TestSession>();
  return {
    get: (token) => {
      const session = kept.get(token);
      if (session !== null) seen.set(token, session);
      return session;
    },
    getOrLoad: async (token, load) => seen.get(token) ?? kept.getOrLoad(token, load),
  };
}

export function setsWhatItTouches({ kept }: Store): Overrides {
  return {
    touch: async (token, ttlSeconds) => {
      if (!kept.touch(token, ttlSeconds)) return false;
      const session = kept.get(token);
      await null;
      if (session !== null) kept.set(token, session, ttlSeconds);
      return true;
    },
  };
}

/** Whoever waits for a load that fails is told that there is no session. */
export function keepsFailuresFromOthers({ kept }: Store): Overrides {
  const loading = new Map<string, Promise<TestSession | null>>();
  return {
    getOrLoad: async (token, load) => {
      const joined = loading.get(token);
      if (joined !== undefined) return joined.catch(() => null);
      const own = kept.getOrLoad(token, load).finally(() => loading.delete(token));
      loading.set(token, own);
      return own;
    },
  };
}

/** What was read here is given for so long, if it was not dropped here. */
export function remembersFor(seconds: number): (store: Store) => Overrides {
  return ({ kept, clock }) => {
    const read = new Map<string, { session: TestSession; at: number }>();
    const forgetting =
      <Args extends unknown[], T>(call: (...args: Args) => T) =>
      (...args: Args): T => {
        read.clear();
        return call.apply(kept, args);
      };
    return {
      get: (token) => {
        const session = kept.get(token);
        if (session !== null) read.set(token, { session, at: clock.now() });
        const last = read.get(token);
        return last && clock.now() - last.at < seconds * 1000 ? last.session : session;
      },
      invalidate: forgetting(kept.invalidate),
      invalidateByUser: forgetting(kept.invalidateByUser),
      invalidateById: forgetting(kept.invalidateById),
      clear: forgetting(kept.clear),
    };
  };
}
