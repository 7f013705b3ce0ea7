import type { SessionCacheCapabilities } from '../../contract/capabilities.ts';
import { type Clock, systemClock } from '../../contract/clock.ts';
import { CacheUnavailableError } from '../../contract/errors/index.ts';
import type { Session } from '../../contract/session.ts';
import { assertInteger, assertKnownOptions } from '../../contract/validate-options.ts';
import {
  REMOTE_OPTIONS,
  type RemoteSessionCacheOptions,
  readRemoteOptions,
} from '../../remote-sessions/remote-options.ts';
import { RemoteSessionCache } from '../../remote-sessions/remote-session-cache.ts';
import { NearSessionStore } from './near-session-store.ts';
import { NearSessions } from './near-sessions.ts';
import { readPrefix } from './read-prefix.ts';
import type { RedisClient } from './redis-client.ts';
import { RedisSessionStore } from './redis-session-store.ts';
import { ServerCommands } from './server-commands.ts';
import { assertTrackable, STALE_SECONDS } from './tracking-connection.ts';
import { REMEDY } from './translate-error.ts';

export interface RedisSessionCacheOptions extends RemoteSessionCacheOptions {
  /**
   * What its keys begin with, in braces: `onehost` by default, which makes `{onehost}:…`. Up to 100 letters, digits, or any of `_ : . -`. Caches with
   * one prefix are one cache, and on one server of a Cluster.
   */
  readonly prefix?: string | undefined;
  /**
   * How many sessions this process keeps in memory, up to 10,000,000. 0, the default: each `get` asks the server. With more the cache is no longer strict: another
   * process may give a session for up to `capabilities.staleSeconds` (1 s) after its invalidation has returned; this process does not. It takes a second
   * connection to the server, and the client of one server.
   */
  readonly nearCacheEntries?: number | undefined;
  /** By which deadlines are kept; the machine's clocks by default. What has expired, the server decides by its own. */
  readonly clock?: Clock | undefined;
}

/**
 * Sessions in Redis, 6.2 or later, shared by all processes that use it, on whatever host.
 *
 * Its reach is the network, and it is strict unless `nearCacheEntries` says otherwise: every `get` is one round trip to the primary. Expiry is the server's, by its
 * clock. What outlives a crash of the server depends on how it is set up to persist: docs/redis.md.
 *
 * The client belongs to the app: connect it before, listen to its `error` events, and close it after the cache. Caches with the same prefix are one: `clear` of one
 * empties all. On top of what the contract says its methods throw `CacheUnavailableError` when the server cannot be asked in time, and
 * `ServerUnsuitableError` when it is too old, evicts, or refuses what onehost asks.
 */
export class RedisSessionCache<S extends Session = Session> extends RemoteSessionCache<S> {
  /** @throws InvalidOptionError, InvalidDurationError */
  constructor(client: RedisClient, options: RedisSessionCacheOptions = {}) {
    assertKnownOptions('RedisSessionCache', options, [
      ...REMOTE_OPTIONS,
      'prefix',
      'nearCacheEntries',
      'clock',
    ]);
    const { clock = systemClock, nearCacheEntries = 0 } = options;
    assertInteger('nearCacheEntries', nearCacheEntries, { least: 0, most: 10_000_000 });
    const settings = readRemoteOptions(options);
    const prefix = readPrefix(options.prefix);
    const server = new ServerCommands('RedisSessionCache', client, prefix, CacheUnavailableError);
    const far = new RedisSessionStore<S>(server);
    const parts = { name: 'RedisSessionCache', server: 'Redis', remedy: REMEDY, settings, clock };
    if (nearCacheEntries === 0) {
      super({ ...parts, store: far, capabilities: STRICT });
    } else {
      assertTrackable(client);
      const near = new NearSessions<S>(client, { prefix, clock, entries: nearCacheEntries });
      super({ ...parts, store: new NearSessionStore(far, near), capabilities: BOUNDED });
    }
  }
}

const STRICT: SessionCacheCapabilities = {
  reach: 'network',
  persistent: true,
  retains: true,
  coherence: 'strict',
  staleSeconds: 0,
  selfPurging: true,
};

const BOUNDED: SessionCacheCapabilities = {
  ...STRICT,
  coherence: 'bounded',
  staleSeconds: STALE_SECONDS,
};
