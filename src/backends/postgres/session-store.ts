import { hash } from 'node:crypto';
import { CacheUnavailableError } from '../../contract/errors/index.ts';
import type { Session } from '../../contract/session.ts';
import type {
  ListedEntry,
  RemoteSessionStore,
} from '../../remote-sessions/remote-session-store.ts';
import type { PurgedSlice } from '../../session-purging/purge-in-slices.ts';
import type { EncodedSession } from '../../session-values/encode-session.ts';
import { HeldSession } from '../../session-values/held-session.ts';
import type { Calls } from './calls.ts';
import { bytes } from './column-types.ts';
import { fenceText, KnownFence, readFence } from './known-fence.ts';
import type { OnehostPostgres } from './onehost-postgres.ts';
import * as statements from './session-statements.ts';
import type { Statement } from './statement.ts';

/** The last moment that a `Date` can name, beyond which no lifetime leads: PostgreSQL would take Infinity for text. */
const LONGEST_TTL_MILLISECONDS = 8.64e15;

/** The sessions in a PostgreSQL database, each operation one statement: what it does there is said in migrations/postgres. */
export class SessionStore<S extends Session> implements RemoteSessionStore<S> {
  readonly #calls: Calls;
  readonly #lockTimeout: number;
  readonly #fence = new KnownFence();

  /** @param timeoutSeconds how long a call may take; nobody waits for a lock for longer. */
  constructor(database: OnehostPostgres, timeoutSeconds: number) {
    this.#calls = database.calls((message, cause) => new CacheUnavailableError(message, { cause }));
    // 0 would be without end.
    this.#lockTimeout = Math.max(1, Math.ceil(timeoutSeconds * 1000));
  }

  async find(tokenHash: string, signal: AbortSignal): Promise<HeldSession<S> | null> {
    const [row] = await this.#calls.call(statements.findSession, [bytes(tokenHash)], signal);
    return row === undefined ? null : new HeldSession<S>(row.payload);
  }

  async put(
    tokenHash: string,
    session: EncodedSession,
    ttlSeconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    let fence = this.#fence.current ?? (await this.#openFence(signal));
    // Until it was in time, or its caller has gone.
    while (!(await this.#isPut(tokenHash, session, ttlSeconds, fence, signal))) {
      fence = await this.#openFence(signal);
    }
  }

  async openFence(_tokenHash: string, signal: AbortSignal): Promise<string> {
    return fenceText(await this.#openFence(signal));
  }

  async fill(
    tokenHash: string,
    session: EncodedSession,
    ttlSeconds: number,
    fence: string,
    signal: AbortSignal,
  ): Promise<HeldSession<S> | null> {
    const kept = this.#kept(tokenHash, session, ttlSeconds, readFence(fence));
    const { payload } = await this.#one(statements.fillSession, kept, signal);
    return payload === null ? null : new HeldSession<S>(payload);
  }

  async extend(tokenHash: string, ttlSeconds: number, signal: AbortSignal): Promise<boolean> {
    const parameters = [bytes(tokenHash), milliseconds(ttlSeconds), this.#lockTimeout] as const;
    return (await this.#one(statements.extendSession, parameters, signal)).extended;
  }

  async delete(tokenHash: string, signal: AbortSignal): Promise<boolean> {
    const parameters = [bytes(tokenHash), this.#lockTimeout] as const;
    return (await this.#invalidated(statements.invalidateToken, parameters, signal)) > 0;
  }

  async deleteOf(
    userId: string,
    exceptTokenHash: string | null,
    signal: AbortSignal,
  ): Promise<number> {
    const except = exceptTokenHash === null ? null : bytes(exceptTokenHash);
    const parameters = [userHash(userId), except, this.#lockTimeout] as const;
    return this.#invalidated(statements.invalidateUser, parameters, signal);
  }

  async deleteOneOf(
    userId: string,
    isMeant: (tokenHash: string) => boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const user = userHash(userId);
    const tokens = await this.#calls.call(
      statements.tokensOfUser,
      [user, this.#lockTimeout],
      signal,
    );
    const meant = tokens.map((row) => row.token_hash).find(isMeant);
    if (meant === undefined) return false;
    const parameters = [user, bytes(meant), this.#lockTimeout] as const;
    return (await this.#invalidated(statements.invalidateOfUser, parameters, signal)) > 0;
  }

  async list(userId: string, signal: AbortSignal): Promise<ListedEntry<S>[]> {
    const rows = await this.#calls.call(statements.listSessions, [userHash(userId)], signal);
    return rows.map((row) => ({
      tokenHash: row.token_hash,
      session: new HeldSession<S>(row.payload),
      createdAt: new Date(row.created_at),
      touchedAt: new Date(row.touched_at),
      expiresAt: new Date(row.expires_at),
    }));
  }

  async clear(signal: AbortSignal): Promise<void> {
    await this.#calls.call(statements.clearSessions, [this.#lockTimeout], signal);
  }

  async removeDead(limit: number, signal: AbortSignal): Promise<PurgedSlice> {
    const { removed } = await this.#one(statements.removeDeadSessions, [limit], signal);
    // Nobody waits for a slice: the rows that it locks are in no one's way, and there is no lock beside them.
    return { removed, done: removed < limit, milliseconds: 0 };
  }

  close(): void {}

  async #openFence(signal: AbortSignal): Promise<statements.FenceRow> {
    const fence = await this.#one(statements.openFence, [], signal);
    this.#fence.learn(fence);
    return fence;
  }

  async #isPut(
    tokenHash: string,
    session: EncodedSession,
    ttlSeconds: number,
    fence: statements.FenceRow,
    signal: AbortSignal,
  ): Promise<boolean> {
    const kept = this.#kept(tokenHash, session, ttlSeconds, fence);
    return (await this.#one(statements.putSession, kept, signal)).kept;
  }

  #kept(
    tokenHash: string,
    { userId, payload }: EncodedSession,
    ttlSeconds: number,
    { incarnation, fence_position, generation }: statements.FenceRow,
  ) {
    return [
      bytes(tokenHash),
      userHash(userId),
      payload,
      milliseconds(ttlSeconds),
      incarnation,
      fence_position,
      generation,
      this.#lockTimeout,
    ] as const;
  }

  async #invalidated<P extends readonly unknown[]>(
    statement: Statement<P, statements.InvalidationRow>,
    parameters: P,
    signal: AbortSignal,
  ): Promise<number> {
    const { removed, fence_position } = await this.#one(statement, parameters, signal);
    this.#fence.advance(fence_position);
    return removed;
  }

  /** Of a statement that gives one row. */
  async #one<P extends readonly unknown[], Row>(
    statement: Statement<P, Row>,
    parameters: P,
    signal: AbortSignal,
  ): Promise<Row> {
    const [row] = await this.#calls.call(statement, parameters, signal);
    if (row === undefined) {
      throw new CacheUnavailableError(
        'A table of onehost has lost a row that it always has (state, or fences). Nothing was written. Restore the database.',
      );
    }
    return row;
  }
}

function userHash(userId: string): string {
  return bytes(hash('sha256', userId));
}

function milliseconds(ttlSeconds: number): number {
  return Math.min(ttlSeconds * 1000, LONGEST_TTL_MILLISECONDS);
}
