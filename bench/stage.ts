import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BatchRequest } from './requests.ts';
import type { Durability, Peer, SessionStore } from './stores/store.ts';

/** Filled by so many requests at a time, for stores that answer by promise. */
const FILLED_TOGETHER = 64;

/** Where a scene takes place: its peers, its folders, and all that has to be closed and removed after it. */
export class Stage implements AsyncDisposable {
  readonly peers: readonly Peer[];
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'onehost-bench-'));
  readonly #stores: SessionStore[] = [];
  #folders = 0;
  readonly #remove = () => rmSync(this.#folder, { recursive: true, force: true });

  constructor(peers: readonly Peer[]) {
    this.peers = peers;
    // For a run that is interrupted.
    process.once('exit', this.#remove);
  }

  /** A new empty folder. */
  folder(): string {
    const folder = path.join(this.#folder, String(this.#folders++));
    mkdirSync(folder);
    return folder;
  }

  async open(peer: Peer, durability: Durability = 'process-crash'): Promise<SessionStore> {
    return this.closing(await peer.open({ folder: this.folder(), durability }));
  }

  /** Will be closed after the scene. */
  closing<Store extends SessionStore>(store: Store): Store {
    this.#stores.push(store);
    return store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores.reverse()) await store.close();
    process.off('exit', this.#remove);
    this.#remove();
  }
}

/** Sets each session, untimed. */
export async function fill(store: SessionStore, requests: readonly BatchRequest[]): Promise<void> {
  if (store.fill !== undefined) store.fill(requests);
  else await forEach(store, requests, (request) => store.set(request));
}

/** Gets each session, untimed. */
export function readAll(store: SessionStore, requests: readonly BatchRequest[]): Promise<void> {
  return forEach(store, requests, (request) => store.get(request));
}

/** Invalidates each session, untimed. */
export function removeAll(store: SessionStore, requests: readonly BatchRequest[]): Promise<void> {
  return forEach(store, requests, (request) => store.invalidate(request));
}

async function forEach(
  store: SessionStore,
  requests: readonly BatchRequest[],
  visit: (request: BatchRequest) => unknown,
): Promise<void> {
  store.makeReady?.(requests);
  for (let first = 0; first < requests.length; first += FILLED_TOGETHER) {
    await Promise.all(requests.slice(first, first + FILLED_TOGETHER).map(visit));
  }
}
