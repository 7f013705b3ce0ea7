import type { Operation } from './operation.ts';

/** Where a session came from. */
export interface Source {
  readonly token: number;
  readonly user: number;
  /** What drops it began after this: for one that was set, when `set` had returned; for one that was loaded, when its load began. */
  readonly born: number;
  /** Of the app's own store, for one that was loaded; -1 for one that was set, which may be older than what the store says. */
  readonly version: number;
}

/** What is known of the sessions that may still be given. */
export class Sessions {
  readonly #sources = new Map<number, Source>();

  add(operations: readonly Operation[]): void {
    for (const { kind, token, user, session, version, begin, end } of operations) {
      if (kind === 'set') this.#sources.set(session, { token, user, born: end, version: -1 });
      if (kind === 'load') this.#sources.set(session, { token, user, born: begin, version });
    }
  }

  source(session: number): Source | undefined {
    return this.#sources.get(session);
  }

  /** Forgets the others: that one of them is given would be found without knowing where it came from. */
  keep(sessions: ReadonlySet<number>): void {
    for (const session of this.#sources.keys()) {
      if (!sessions.has(session)) this.#sources.delete(session);
    }
  }
}
