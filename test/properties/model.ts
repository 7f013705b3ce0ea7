import type { UserId } from '../../src/index.ts';

interface ModelEntry {
  readonly userId: string;
  readonly session: unknown;
  readonly createdAt: number;
  touchedAt: number;
  expiresAt: number;
}

/** What a session cache should do, in the plainest way there is: one Map, searched from end to end. */
export class Model {
  readonly #entries = new Map<string, ModelEntry>();
  now = 0;

  #live(token: string): ModelEntry | undefined {
    const entry = this.#entries.get(token);
    return entry !== undefined && entry.expiresAt > this.now ? entry : undefined;
  }

  #liveOf(userId: UserId): [string, ModelEntry][] {
    return [...this.#entries].filter(
      ([token, entry]) => entry.userId === String(userId) && this.#live(token) !== undefined,
    );
  }

  get(token: string): unknown {
    return this.#live(token)?.session ?? null;
  }

  set(token: string, session: { userId: UserId }, ttlSeconds: number): void {
    const before = this.#live(token);
    const userId = String(session.userId);
    this.#entries.set(token, {
      userId,
      session,
      createdAt: before?.userId === userId ? before.createdAt : this.now,
      touchedAt: this.now,
      expiresAt: this.now + ttlSeconds * 1000,
    });
  }

  touch(token: string, ttlSeconds: number): boolean {
    const entry = this.#live(token);
    if (entry === undefined) return false;
    entry.touchedAt = this.now;
    entry.expiresAt = this.now + ttlSeconds * 1000;
    return true;
  }

  invalidate(token: string): boolean {
    const wasLive = this.#live(token) !== undefined;
    this.#entries.delete(token);
    return wasLive;
  }

  invalidateByUser(userId: UserId, exceptToken?: string): number {
    const dropped = this.#liveOf(userId).filter(([token]) => token !== exceptToken);
    for (const [token] of dropped) this.#entries.delete(token);
    return dropped.length;
  }

  listByUser(userId: UserId): { session: unknown; createdAt: number; expiresAt: number }[] {
    return this.#liveOf(userId)
      .sort(([, a], [, b]) => b.touchedAt - a.touchedAt)
      .map(([, { session, createdAt, expiresAt }]) => ({ session, createdAt, expiresAt }));
  }

  clear(): void {
    this.#entries.clear();
  }
}
