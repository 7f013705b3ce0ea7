import { CacheUnavailableError } from '../contract/errors/index.ts';
import type { Session } from '../contract/session.ts';
import { withinDeadline } from '../deadlines/within-deadline.ts';
import { loadPeer } from '../peers/load-peer.ts';
import type { BackendSettings, MadeBackends } from './session-backends.ts';

/** The client would try for ever; whoever starts an app wants to know. */
const CONNECT_SECONDS = 10;

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
  const client = createClient({ url });
  // Without a listener an 'error' of an emitter ends the process.
  client.on('error', onError);
  try {
    await withinDeadline(
      clock,
      CONNECT_SECONDS,
      () => client.connect(),
      () =>
        new CacheUnavailableError(
          `Redis did not answer within ${CONNECT_SECONDS} s. Look whether it runs at the host and port of the URL.`,
        ),
    );
    const options = { prefix: name, clock };
    const sessions = new RedisSessionCache<S>(client, options);
    const leases = new RedisLeaseStore(client, { ...options, appVersion });
    return {
      sessions,
      leases,
      ledger: new RedisJobLedger(leases),
      closing: [() => client.destroy(), () => leases.close(), () => sessions.close()],
    };
  } catch (error) {
    client.destroy();
    throw error;
  }
}
