import type { Awaitable } from 'onehost';
import type { BatchRequest } from '../requests.ts';

/** A commit survives the end of the process, or a power cut as well. */
export type Durability = 'process-crash' | 'power-loss';

/**
 * Whatever keeps sessions, driven in one way. Each method does what an app would write for it with that
 * store, expiry included, and answers something true when it did.
 */
export interface SessionStore {
  get(request: BatchRequest): Awaitable<unknown>;
  set(request: BatchRequest): Awaitable<unknown>;
  /** Lets the session live for its whole time from now. */
  touch(request: BatchRequest): Awaitable<unknown>;
  invalidate(request: BatchRequest): Awaitable<unknown>;
  /** Called with each batch before it is timed, by those that do part of the work ahead. */
  makeReady?(requests: readonly BatchRequest[]): void;
  /** Sets them all, in a quicker way than one by one. Never timed. */
  fill?(requests: readonly BatchRequest[]): Awaitable<void>;
  close(): Awaitable<void>;
}

export type Method = 'get' | 'set' | 'touch' | 'invalidate';
export const METHODS: readonly Method[] = ['get', 'set', 'touch', 'invalidate'];

/** A store that onehost is compared with. */
export interface Peer {
  readonly name: string;
  /** What a reader must know to compare it fairly. */
  readonly note: string;
  /** Where the sessions are: in this process alone, in a file, or behind a socket. */
  readonly keptIn: 'memory' | 'file' | 'server';
  /** The methods that give no promise. */
  readonly answersAtOnce: readonly Method[];
  /** What it can promise of a commit; those in memory, nothing. */
  readonly durabilities: readonly Durability[];
  /** The packages that it needs of those that are installed on demand. */
  readonly packages: readonly string[];
  /** It differs from that one in its writes alone, and is left out where only reads are measured. */
  readonly readsLike?: Peer;
  open(options: OpenOptions): Awaitable<SessionStore>;
}

export interface OpenOptions {
  /** A folder of its own, empty at first. */
  readonly folder: string;
  /** What each write promises. */
  readonly durability: Durability;
  /** How many sessions there must be room for, 100,000 if nothing is said; those on disk do not ask. */
  readonly sessions?: number;
  /** The port of a server on this machine that others use too; without it, those that need one start their own. */
  readonly serverPort?: number;
}
