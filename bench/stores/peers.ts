import { RedisServer } from '../../test/support/redis-server.ts';
import { isInstalled } from '../peer-packages.ts';
import { bentocache } from './bentocache.ts';
import { expressSessionStore } from './express-session-store.ts';
import { keyv } from './keyv.ts';
import { lmdb, lmdbWithoutSync } from './lmdb.ts';
import { lruCache } from './lru-cache.ts';
import { inMemorySessionCache } from './onehost.ts';
import { redis } from './redis.ts';
import type { Peer } from './store.ts';

export const PEERS: readonly Peer[] = [
  inMemorySessionCache,
  lruCache,
  lmdb,
  lmdbWithoutSync,
  expressSessionStore,
  keyv,
  bentocache,
  redis,
];

/**
 * Those that can take part here, and why the others cannot.
 *
 * @param installed `false`: only those that need nothing of bench/peers.
 */
export function findPeers(installed: boolean): {
  readonly peers: readonly Peer[];
  readonly missing: string[];
} {
  const missing: string[] = [];
  const peers = PEERS.filter((peer) => {
    if (!installed) return peer.packages.length === 0;
    const lacking = peer.packages.filter((name) => !isInstalled(name));
    if (lacking.length > 0) missing.push(`${peer.name}: ${lacking.join(', ')} not installed`);
    else if (peer === redis && RedisServer.version() === null)
      missing.push(
        `${peer.name}: no redis-server in the PATH (Debian: apt-get install redis-server)`,
      );
    else return true;
    return false;
  });
  return { peers, missing };
}
