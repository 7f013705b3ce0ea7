import { describe, isLasting } from '../backends/redis/translate-error.ts';
import { CacheUnavailableError } from '../contract/errors/index.ts';
import type { Session } from '../contract/session.ts';
import { withinDeadline } from '../deadlines/within-deadline.ts';
import { loadPeer } from '../peers/load-peer.ts';
import { RedisHeartbeat } from './redis-heartbeat.ts';
import type { BackendSettings, MadeBackends } from './session-backends.ts';

/** The client would try for ever; whoever starts an app wants to know. */
const CONNECT_SECONDS = 10;

/** Its own strategy waits up to two seconds between attempts, once a server has been away for long. */
const RECONNECT_MILLISECONDS = 200;

/** After how long without a byte a connection is given up: longer than a heartbeat takes, which is not there before the server has greeted. */
const SILENCE_MILLISECONDS = 10_000;

/**
 * Sessions, leases and jobs in Redis, by a client that is made here and closed with them.
 *
 * @throws PeerMissingError, CacheUnavailableError, and what the classes for Redis throw.
 */
export async function makeInRedis<S extends Session>(
  url: string,
  { clock, name, appVersion, onError }: BackendSettings,
): Promise<MadeBackends<S>> {
  const { createClient } = await loadPeer('redis', 'Sessions in Redis need', () => import('redis'));
  const { RedisJobLedger, RedisLeaseStore, RedisSessionCache } = await import('../redis.ts');
  let lastError: unknown;
  // At the start a wrong password is for whoever set it. Later one may be that is being changed.
  let isStarting = true;
  const reconnectStrategy = (_: number, cause: Error) =>
    isStarting && isLasting(cause) ? cause : RECONNECT_MILLISECONDS;
  const client = createClient({
    url,
    // Announced maintenance would be met with another socket that leads elsewhere, and whose server is looked at by nobody.
    maintNotifications: 'disabled',
    socket: { reconnectStrategy, socketTimeout: SILENCE_MILLISECONDS },
  });
  // Without a listener an 'error' of an emitter ends the process.
  client.on('error', (error) => {
    lastError = error;
    void onError(error);
  });
  try {
    await withinDeadline(
      clock,
      CONNECT_SECONDS,
      () => client.connect().catch((error) => Promise.reject(refused(lastError ?? error))),
      () => unreachable(lastError),
    );
    isStarting = false;
    const options = { prefix: name, clock };
    const sessions = new RedisSessionCache<S>(client, options);
    const leases = new RedisLeaseStore(client, { ...options, appVersion });
    const heartbeat = new RedisHeartbeat(client, clock);
    return {
      sessions,
      leases,
      ledger: new RedisJobLedger(leases),
      closing: [
        () => client.destroy(),
        () => heartbeat.close(),
        () => leases.close(),
        () => sessions.close(),
      ],
    };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

function refused(error: unknown): CacheUnavailableError {
  return new CacheUnavailableError(
    `Redis refused the connection (${describe(error)}). Look at the user, the password and the number of the database in the URL.`,
    { cause: error },
  );
}

function unreachable(lastError: unknown): CacheUnavailableError {
  const found = lastError === undefined ? 'it did not answer' : describe(lastError);
  return new CacheUnavailableError(
    `Redis could not be reached within ${CONNECT_SECONDS} s (${found}). Look whether it runs at the host and port of the URL, and whether it speaks TLS (rediss://) or not (redis://).`,
    { cause: lastError },
  );
}
