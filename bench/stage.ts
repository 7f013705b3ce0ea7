import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BatchRequest, login } from './requests.ts';
import { SessionFiles } from './session-files.ts';
import type { Durability, Peer, SessionStore } from './stores/store.ts';

/** Filled by so many requests at a time, for stores that answer by promise. */
const FILLED_TOGETHER = 64;
const FILLED_AT_ONCE = 10_000;

interface Closable {
  close(): unknown;
}

/** Where a scene takes place: its peers, its folders, and all that has to be closed and removed after it. */
export class Stage implements AsyncDisposable {
  readonly peers: readonly Peer[];
  /** Large files of sessions, shared by all scenes of the run. */
  readonly files: SessionFiles;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'onehost-bench-'));
  readonly #closables: Closable[] = [];
  #folders = 0;
  readonly #remove = () => rmSync(this.#folder, { recursive: true, force: true });

  constructor(peers: readonly Peer[], files = new SessionFiles()) {
    this.peers = peers;
    this.files = files;
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
  closing<Thing extends Closable>(thing: Thing): Thing {
    this.#closables.push(thing);
    return thing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.#closables.reverse()) await thing.close();
    process.off('exit', this.#remove);
    this.#remove();
  }
}

/** As {@link fill}, with the first `count` sessions, of which a few are in memory at a time. */
export async function fillUpTo(
  store: SessionStore,
  count: number,
  progress: (text: string) => void,
): Promise<void> {
  for (let first = 0; first < count; first += FILLED_AT_ONCE) {
    const some = Math.min(FILLED_AT_ONCE, count - first);
    await fill(
      store,
      Array.from({ length: some }, (_, place) => login(first + place)),
    );
    progress(`${first + some} of ${count} sessions`);
  }
}

/** Sets each session, untimed. */
export async function fill(store: SessionStore, requests: readonly BatchRequest[]): Promise<void> {
  if (store.fill !== undefined) await store.fill(requests);
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
