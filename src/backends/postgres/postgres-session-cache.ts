import type { Session } from '../../contract/session.ts';
import { assertKnownOptions } from '../../contract/validate-options.ts';
import {
  REMOTE_OPTIONS,
  type RemoteSessionCacheOptions,
  readRemoteOptions,
} from '../../remote-sessions/remote-options.ts';
import { RemoteSessionCache } from '../../remote-sessions/remote-session-cache.ts';
import { assertPostgres, type OnehostPostgres } from './onehost-postgres.ts';
import { SessionStore } from './session-store.ts';

export interface PostgresSessionCacheOptions extends RemoteSessionCacheOptions {}

/**
 * Sessions in a PostgreSQL database, for every process that reaches it. Nothing is kept in memory: each `get` asks the primary, by one prepared
 * statement, so an invalidation that has returned is seen by whoever asks later, in any process on any host.
 *
 * Entries expire by the server's clock. An invalidation is on the server's disk when it returns, whatever `synchronous_commit` says; a `set`
 * is as the server is set up, by default as well. A crash of the server may undo the last fills, and touches that made a life longer.
 *
 * On top of what the contract says its methods throw `CacheUnavailableError` when the server cannot be asked in time, and
 * `ServerUnsuitableError` when it has become one that cannot keep what is promised.
 */
export class PostgresSessionCache<S extends Session = Session> extends RemoteSessionCache<S> {
  /** @throws InvalidOptionError, InvalidDurationError */
  constructor(database: OnehostPostgres, options: PostgresSessionCacheOptions = {}) {
    assertPostgres('PostgresSessionCache', database);
    assertKnownOptions('PostgresSessionCache', options, REMOTE_OPTIONS);
    const settings = readRemoteOptions(options);
    super({
      name: 'PostgresSessionCache',
      server: 'PostgreSQL',
      remedy:
        'Look whether the server runs, whether something holds a lock on a table of onehost, and whether the pool is large enough.',
      capabilities: {
        reach: 'network',
        persistent: true,
        retains: true,
        coherence: 'strict',
        staleSeconds: 0,
      },
      store: new SessionStore<S>(database, settings.timeoutSeconds),
      settings,
      clock: database.clock,
    });
  }
}
