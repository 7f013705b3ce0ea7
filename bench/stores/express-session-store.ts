import path from 'node:path';
import SqliteConnection from 'better-sqlite3';
import { requirePeer } from '../peer-packages.ts';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import { METHODS, type OpenOptions, type Peer, type SessionStore } from './store.ts';
import { tune } from './tune.ts';

type Callback<T> = (error: unknown, value: T) => void;

interface ExpressStore {
  get(token: string, callback: Callback<AppSession | null>): void;
  set(token: string, session: object, callback: Callback<unknown>): void;
  touch(token: string, session: object, callback: Callback<{ changes: number }>): void;
  destroy(token: string, callback: Callback<{ changes: number }>): void;
}

interface ExpressSession {
  readonly Store: object;
  readonly Cookie: new (options: { maxAge: number }) => object;
}

type StoreMaker = (
  session: ExpressSession,
) => new (options: {
  client: SqliteConnection.Database;
}) => ExpressStore;

/** Its callbacks come before its methods return, so that it can be driven without promises. */
class ExpressSessionSubject implements SessionStore {
  readonly #connection: SqliteConnection.Database;
  readonly #express = requirePeer<ExpressSession>('express-session');
  readonly #store: ExpressStore;

  constructor({ folder, durability }: OpenOptions) {
    this.#connection = tune(new SqliteConnection(path.join(folder, 'express.db')), durability);
    const Store = requirePeer<StoreMaker>('better-sqlite3-session-store')(this.#express);
    this.#store = new (class extends Store {
      /** Its timer, which cannot be switched off, would keep the process alive. */
      startInterval(): void {}
    })({ client: this.#connection });
  }

  get({ token }: BatchRequest) {
    return answerOf<AppSession | null>((callback) => this.#store.get(token, callback));
  }

  set({ token, session }: BatchRequest) {
    const entry = { cookie: this.#cookie(), ...session };
    return answerOf((callback) => this.#store.set(token, entry, callback));
  }

  touch({ token }: BatchRequest) {
    const entry = { cookie: this.#cookie() };
    const answer = answerOf<{ changes: number }>((callback) =>
      this.#store.touch(token, entry, callback),
    );
    return answer.changes === 1;
  }

  invalidate({ token }: BatchRequest) {
    const answer = answerOf<{ changes: number }>((callback) =>
      this.#store.destroy(token, callback),
    );
    return answer.changes === 1;
  }

  fill(requests: readonly BatchRequest[]) {
    this.#connection.transaction(() => {
      for (const request of requests) this.set(request);
    })();
  }

  close() {
    this.#connection.close();
  }

  #cookie(): object {
    return new this.#express.Cookie({ maxAge: TTL_SECONDS * 1000 });
  }
}

function answerOf<T>(ask: (callback: Callback<T>) => void): T {
  let answer: T | undefined;
  ask((error, value) => {
    if (error) throw error;
    answer = value;
  });
  return answer as T;
}

export const expressSessionStore: Peer = {
  name: 'better-sqlite3-session-store',
  note: 'on better-sqlite3, in WAL mode; prepares each statement anew',
  keptIn: 'file',
  answersAtOnce: METHODS,
  durabilities: ['process-crash', 'power-loss'],
  packages: ['better-sqlite3-session-store', 'express-session'],
  open: (options) => new ExpressSessionSubject(options),
};
