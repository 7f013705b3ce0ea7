import { type AppSession, type BatchRequest, login, newCopy, tokenOf } from '../requests.ts';
import type { Method } from '../stores/store.ts';
import { Zipf } from './zipf.ts';

/** What users do with their sessions, in shares of all requests; the rest are gets. */
const MIX = { touch: 0.01, loginOrLogout: 0.001, zipfExponent: 0.99 };

/** One request of a user. */
export class Visit implements BatchRequest {
  readonly method: Method;
  readonly number: number;
  readonly token: string;

  constructor(method: Method, number: number) {
    this.method = method;
    this.number = number;
    this.token = newCopy(tokenOf(number));
  }

  get session(): AppSession {
    return login(this.number).session;
  }
}

/**
 * The visits of users with `sessions` sessions that reach one process. A logout ends any of the sessions, not
 * rather a busy one, and the next visit is the login of the same user: so all sessions go on being there.
 */
export class Visits {
  readonly #sessions: number;
  readonly #random: () => number;
  readonly #zipf: Zipf;
  #loggedOut: number | null = null;

  constructor(sessions: number, seed: number) {
    this.#sessions = sessions;
    this.#random = randomFrom(seed);
    this.#zipf = new Zipf(sessions, MIX.zipfExponent);
  }

  take(count: number): Visit[] {
    return Array.from({ length: count }, () => this.#next());
  }

  #next(): Visit {
    if (this.#loggedOut !== null) return this.#login(this.#loggedOut);
    const kind = this.#random();
    if (kind < MIX.loginOrLogout / 2) return this.#logout();
    const method = kind < MIX.loginOrLogout / 2 + MIX.touch ? 'touch' : 'get';
    return new Visit(method, this.#zipf.draw(this.#random()));
  }

  #logout(): Visit {
    this.#loggedOut = Math.floor(this.#random() * this.#sessions);
    return new Visit('invalidate', this.#loggedOut);
  }

  #login(number: number): Visit {
    this.#loggedOut = null;
    return new Visit('set', number);
  }
}

/** Mulberry32: the same numbers in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
