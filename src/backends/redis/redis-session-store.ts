import { randomBytes } from 'node:crypto';
import type {
  ListedEntry,
  RemoteSessionStore,
} from '../../remote-sessions/remote-session-store.ts';
import type { PurgedSlice } from '../../session-purging/purge-in-slices.ts';
import type { EncodedSession } from '../../session-values/encode-session.ts';
import { HeldSession } from '../../session-values/held-session.ts';
import type { ServerCommands } from './server-commands.ts';
import {
  entryIn,
  GENERATION_LENGTH,
  payloadOf,
  readingOf,
  timesOf,
  userMark,
} from './session-entry.ts';
import {
  clearSessions,
  deleteSession,
  deleteSessionOf,
  deleteSessionsOf,
  extendSession,
  fillSession,
  listSessionsOf,
  openFence,
  putSession,
  refuseLoadsOf,
  sweepSessions,
} from './session-scripts.ts';

/** The sessions in Redis, under one prefix. */
export class RedisSessionStore<S> implements RemoteSessionStore<S> {
  readonly #server: ServerCommands;

  constructor(server: ServerCommands) {
    this.#server = server;
  }

  /** One round trip: the entry and what it must belong to are read together. */
  find(tokenHash: string, signal: AbortSignal): Promise<HeldSession<S> | null> {
    return this.#server.command(readingOf(this.#server.prefix, tokenHash), signal).then(heldIn<S>);
  }

  async put(
    tokenHash: string,
    { userId, payload }: EncodedSession,
    ttlSeconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    const mark = this.#server.mayRepeat ? newMark() : '';
    const entry = [tokenHash, userMark(userId), milliseconds(ttlSeconds), payload];
    await this.#server.run(putSession, [...entry, newGeneration(), mark], signal);
  }

  async openFence(_tokenHash: string, signal: AbortSignal): Promise<string> {
    return (await this.#server.run(openFence, [newGeneration()], signal)) as string;
  }

  async fill(
    tokenHash: string,
    { userId, payload }: EncodedSession,
    ttlSeconds: number,
    fence: string,
    signal: AbortSignal,
  ): Promise<HeldSession<S> | null> {
    const args = [tokenHash, userMark(userId), milliseconds(ttlSeconds), payload, fence];
    const kept = await this.#server.run(fillSession, args, signal);
    if (kept === null) return null;
    return new HeldSession<S>(kept === 1 ? payload : payloadOf(kept as string));
  }

  async extend(tokenHash: string, ttlSeconds: number, signal: AbortSignal): Promise<boolean> {
    const args = [tokenHash, milliseconds(ttlSeconds)];
    return (await this.#server.run(extendSession, args, signal)) === 1;
  }

  async delete(tokenHash: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#server.run(deleteSession, [tokenHash], signal)) === 1;
  }

  async deleteOf(
    userId: string,
    exceptTokenHash: string | null,
    signal: AbortSignal,
  ): Promise<number> {
    const args = [userMark(userId), exceptTokenHash ?? ''];
    return (await this.#server.run(deleteSessionsOf, args, signal)) as number;
  }

  async deleteOneOf(
    userId: string,
    isMeant: (tokenHash: string) => boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const user = userMark(userId);
    const tokens = (await this.#server.run(refuseLoadsOf, [user], signal)) as string[];
    const meant = tokens.find(isMeant);
    if (meant === undefined) return false;
    return (await this.#server.run(deleteSessionOf, [user, meant], signal)) === 1;
  }

  async list(userId: string, signal: AbortSignal): Promise<ListedEntry<S>[]> {
    const found = (await this.#server.run(listSessionsOf, [userMark(userId)], signal)) as string[];
    const entries: ListedEntry<S>[] = [];
    for (let at = 0; at < found.length; at += 2) {
      const [tokenHash, entry] = found.slice(at, at + 2) as [string, string];
      entries.push({ tokenHash, session: new HeldSession<S>(payloadOf(entry)), ...timesOf(entry) });
    }
    return entries.sort((a, b) => b.touchedAt.getTime() - a.touchedAt.getTime());
  }

  async clear(signal: AbortSignal): Promise<void> {
    await this.#server.run(clearSessions, [newGeneration()], signal);
  }

  /** What has expired the server removes by itself, and nobody counts it. */
  async removeDead(limit: number, signal: AbortSignal): Promise<PurgedSlice> {
    const swept = (await this.#server.run(sweepSessions, [String(limit)], signal)) as number[];
    const [removed = 0, done = 1] = swept;
    return { removed, done: done === 1 };
  }

  close(): void {}
}

function heldIn<S>(answer: unknown): HeldSession<S> | null {
  const entry = entryIn(answer);
  return entry === null ? null : new HeldSession<S>(payloadOf(entry));
}

/** Never given twice. */
function newGeneration(): string {
  return randomBytes((GENERATION_LENGTH / 4) * 3).toString('base64url');
}

/** Of one call: never given twice either. */
function newMark(): string {
  return randomBytes(16).toString('base64url');
}

/** As a script reads it: no more than until the end of all dates, which Infinity is not. */
function milliseconds(ttlSeconds: number): string {
  return String(Math.min(ttlSeconds * 1000, 8.64e15));
}
