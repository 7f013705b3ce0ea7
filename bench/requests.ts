import { hash } from 'node:crypto';

/** What an app keeps of a login: 250 bytes as JSON, which brings all of it back as it was. */
export interface AppSession {
  readonly userId: number;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly csrfToken: string;
  readonly device: string;
  readonly loggedInAt: number;
}

export const TTL_SECONDS = 3600;

export interface BatchRequest {
  /** Its place in the batch, from 0. */
  readonly number: number;
  readonly token: string;
  readonly session: AppSession;
}

/**
 * The requests that reach one contestant, batch by batch. Each contestant of a scene has a stream of its own,
 * and all of them bring the same.
 */
export class RequestStream {
  readonly #known: readonly BatchRequest[];
  #next = 0;
  #nextNew: number;

  /** @param size how many sessions are known from the beginning. */
  constructor(size: number) {
    this.#known = shuffled(Array.from({ length: size }, (_, n) => login(n)));
    this.#nextNew = size;
  }

  /** Each known session once, to fill a store with. */
  all(): readonly BatchRequest[] {
    return this.#known.map((request, number) => ({ ...request, number }));
  }

  /** The next ones of the known sessions, round and round in a shuffled order. */
  takeKnown(count: number): BatchRequest[] {
    return Array.from({ length: count }, (_, number) => {
      const { token, session } = this.#known[this.#next++ % this.#known.length] as BatchRequest;
      return { number, token: newCopy(token), session };
    });
  }

  /** Sessions that no batch has had yet. */
  takeNew(count: number): BatchRequest[] {
    return Array.from({ length: count }, (_, number) => ({ ...login(this.#nextNew++), number }));
  }
}

/**
 * Requests for sessions all over a table that is too large to be listed here: each once, by large strides, before
 * one comes a second time.
 */
export class StridingStream {
  readonly #size: number;
  #next: number;

  /** @param start where to begin, from 0 to 1, so that no two that read one file follow each other. */
  constructor(size: number, start: number) {
    this.#size = size;
    this.#next = Math.floor(size * start);
  }

  take(count: number): BatchRequest[] {
    return Array.from({ length: count }, (_, number) => {
      // A prime that divides no size in use, so that every session has its turn.
      const n = (this.#next++ * 7_368_787) % this.#size;
      const { token, session } = login(n);
      return { number, token: newCopy(token), session };
    });
  }
}

/** The n-th session; its token has 43 characters, as `newSessionToken` makes them, but is the same in each run. */
export function login(n: number): BatchRequest {
  const userId = 100_000 + (n % 50_000);
  const session = {
    userId,
    name: `Ada Lovelace ${userId}`,
    email: `ada.lovelace.${userId}@mail.example.org`,
    roles: ['member', 'editor'],
    csrfToken: digest(`csrf token ${n}`),
    device: 'Firefox 140 on Linux, x86_64',
    loggedInAt: 1_790_000_000_000 + n,
  };
  return { number: n, token: tokenOf(n), session };
}

export function tokenOf(n: number): string {
  return digest(`session token ${n}`);
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}

/**
 * The same characters as a string that is new to V8, as a server reads it from each request: the hash by
 * which a `Map` finds it is not computed yet.
 */
export function newCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** Fisher and Yates, with a generator that begins at the same seed each time. */
function shuffled<T>(list: T[]): T[] {
  let seed = 1;
  for (let last = list.length - 1; last > 0; last--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * (last + 1));
    [list[last], list[other]] = [list[other] as T, list[last] as T];
  }
  return list;
}
