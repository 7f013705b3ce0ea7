import { type Clock, systemClock } from '../../contract/clock.ts';
import { CacheUnavailableError } from '../../contract/errors/index.ts';
import type { Session } from '../../contract/session.ts';
import { assertKnownOptions } from '../../contract/validate-options.ts';
import {
  REMOTE_OPTIONS,
  type RemoteSessionCacheOptions,
  readRemoteOptions,
} from '../../remote-sessions/remote-options.ts';
import { RemoteSessionCache } from '../../remote-sessions/remote-session-cache.ts';
import { readPrefix } from './read-prefix.ts';
import type { RedisClient } from './redis-client.ts';
import { RedisSessionStore } from './redis-session-store.ts';
import { ServerCommands } from './server-commands.ts';
import { REMEDY } from './translate-error.ts';

export interface RedisSessionCacheOptions extends RemoteSessionCacheOptions {
  /**
   * What its keys begin with, in braces: `onehost` by default, which makes `{onehost}:…`. Up to 100 letters, digits, or any of `_ : . -`. Caches with
   * one prefix are one cache.
   */
  readonly prefix?: string | undefined;
  /** By which deadlines are kept; the machine's clocks by default. What expires, the server decides by its own. */
  readonly clock?: Clock | undefined;
}

export class RedisSessionCache<S extends Session = Session> extends RemoteSessionCache<S> {
  /** @throws InvalidOptionError, InvalidDurationError */
  constructor(client: RedisClient, options: RedisSessionCacheOptions = {}) {
    assertKnownOptions('RedisSessionCache', options, [...REMOTE_OPTIONS, 'prefix', 'clock']);
    const { clock = systemClock } = options;
    const settings = readRemoteOptions(options);
    const prefix = readPrefix(options.prefix);
    const server = new ServerCommands('RedisSessionCache', client, prefix, CacheUnavailableError);
    super({
      name: 'RedisSessionCache',
      server: 'Redis',
      remedy: REMEDY,
      capabilities: {
        reach: 'network',
        persistent: true,
        retains: true,
        coherence: 'strict',
        staleSeconds: 0,
        selfPurging: true,
      },
      store: new RedisSessionStore<S>(server),
      settings,
      clock,
    });
  }
}
