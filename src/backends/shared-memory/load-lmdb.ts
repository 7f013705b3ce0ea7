import type { Database, RootDatabase } from 'lmdb';
import { loadPeer } from '../../peers/load-peer.ts';

/** Keys and values are bytes: onehost encodes both. */
export type Table = Database<Uint8Array, Uint8Array>;
export type Environment = RootDatabase<Uint8Array, Uint8Array>;
export type Lmdb = typeof import('lmdb');

/**
 * `lmdb`, an optional peer.
 *
 * @throws PeerMissingError
 */
export function loadLmdb(load: () => Promise<Lmdb> = () => import('lmdb')): Promise<Lmdb> {
  return loadPeer('lmdb', 'Sessions in shared memory need', load);
}

/** At once: the package waits only for what is being written asynchronously, and nothing here is. */
export function closeNow(environment: Environment): void {
  void environment.close();
}
