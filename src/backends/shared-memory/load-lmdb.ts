import type { Database, RootDatabase } from 'lmdb';
import { PeerMissingError } from '../../contract/errors/index.ts';

/** Keys and values are bytes: onehost encodes both. */
export type Table = Database<Uint8Array, Uint8Array>;
export type Environment = RootDatabase<Uint8Array, Uint8Array>;
export type Lmdb = typeof import('lmdb');

/**
 * `lmdb`, an optional peer.
 *
 * @throws PeerMissingError when it is not installed, or cannot be loaded.
 */
export async function loadLmdb(load: () => Promise<Lmdb> = () => import('lmdb')): Promise<Lmdb> {
  try {
    return await load();
  } catch (error) {
    throw new PeerMissingError(
      'Sessions in shared memory need the package "lmdb", which cannot be loaded. Install it: npm install lmdb',
      { cause: error },
    );
  }
}
