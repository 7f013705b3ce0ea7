import { LRUCache } from 'lru-cache';
import type { Clock } from '../../contract/clock.ts';
import { HeldSession } from '../../session-values/held-session.ts';
import { entryIn, expiryOf, payloadOf, readingOf, userOf } from './session-entry.ts';
import { type TrackingClient, TrackingConnection } from './tracking-connection.ts';

/** A session as it was read. */
interface NearSession<S> {
  readonly held: HeldSession<S>;
  readonly user: string;
  readonly expiresAt: number;
}

/** A read under way: whether what it gives may have changed by the time it is here. */
interface Reading {
  isOvertaken: boolean;
}

/**
 * The sessions that this process has read by a {@link TrackingConnection}, by token hash; one that was not read for long leaves first.
 *
 * What the server tells while an answer is on its way through this process may be about that answer: it is given, and not kept.
 */
export class NearSessions<S> {
  readonly #prefix: string;
  readonly #sessions: LRUCache<string, NearSession<S>>;
  readonly #connection: TrackingConnection;
  readonly #readings = new Map<string, Set<Reading>>();

  constructor(
    client: TrackingClient,
    { prefix, clock, entries }: { prefix: string; clock: Clock; entries: number },
  ) {
    this.#prefix = prefix;
    this.#sessions = new LRUCache({ max: entries });
    const entryKey = `${prefix}s:`;
    this.#connection = new TrackingConnection(client, clock, {
      changed: (key) => {
        if (key.startsWith(entryKey)) this.drop(key.slice(entryKey.length));
        // The generation: all of them may be of an earlier one.
        else this.dropAll();
      },
      lost: () => this.dropAll(),
    });
  }

  /** The session that is in memory here, if it may be given. */
  find(tokenHash: string): HeldSession<S> | null {
    const near = this.#sessions.get(tokenHash);
    if (near === undefined || !this.#connection.isTrusted()) return null;
    return this.#connection.serverTime() < near.expiresAt ? near.held : null;
  }

  /** Whether what is read now may be kept. */
  canKeep(): boolean {
    return this.#connection.isTrusted();
  }

  /** Reads it by the connection that is told of changes, and keeps it. */
  async read(tokenHash: string, signal: AbortSignal): Promise<HeldSession<S> | null> {
    const reading: Reading = { isOvertaken: false };
    const readings = this.#readings.get(tokenHash) ?? new Set();
    this.#readings.set(tokenHash, readings.add(reading));
    try {
      const command = readingOf(this.#prefix, tokenHash);
      const entry = entryIn(await this.#connection.send(command, signal));
      if (entry === null) return null;
      const held = new HeldSession<S>(payloadOf(entry));
      if (!reading.isOvertaken) {
        this.#sessions.set(tokenHash, { held, user: userOf(entry), expiresAt: expiryOf(entry) });
      }
      return held;
    } finally {
      readings.delete(reading);
      if (readings.size === 0) this.#readings.delete(tokenHash);
    }
  }

  drop(tokenHash: string): void {
    this.#sessions.delete(tokenHash);
    overtake(this.#readings.get(tokenHash));
  }

  dropOf(user: string): void {
    for (const [tokenHash, near] of this.#sessions.entries()) {
      if (near.user === user) this.#sessions.delete(tokenHash);
    }
    // Whose session it will be is not known.
    for (const readings of this.#readings.values()) overtake(readings);
  }

  dropAll(): void {
    this.#sessions.clear();
    for (const readings of this.#readings.values()) overtake(readings);
  }

  close(): void {
    this.#connection.close();
    this.#sessions.clear();
  }
}

function overtake(readings: Iterable<Reading> = []): void {
  for (const reading of readings) reading.isOvertaken = true;
}
