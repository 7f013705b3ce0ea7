import { createHash } from 'node:crypto';

/** What an app keeps of a login: 250 bytes as JSON, all of which JSON brings back as it was. */
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

/** The sessions of one scene. All contestants get the same ones, in the same order. */
export class Population {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** 43 characters, as `newSessionToken` makes them, but the same in each run. */
  token(n: number): string {
    return createHash('sha256').update(`${this.#name} ${n}`).digest('base64url');
  }

  session(n: number): AppSession {
    const userId = 100_000 + (n % 50_000);
    return {
      userId,
      name: `Ada Lovelace ${userId}`,
      email: `ada.lovelace.${userId}@mail.example.org`,
      roles: ['member', 'editor'],
      csrfToken: this.token(n).split('').reverse().join(''),
      device: 'Firefox 140 on Linux, x86_64',
      loggedInAt: 1_790_000_000_000 + n,
    };
  }
}

/**
 * The requests that reach one contestant, batch by batch: for the sessions from 0 up to `size`, round and
 * round in a shuffled order, or for one new session after the other.
 */
export class RequestStream {
  readonly #population: Population;
  readonly #order: readonly number[] | null;
  #next = 0;

  constructor(population: Population, size: number | 'always new') {
    this.#population = population;
    this.#order = size === 'always new' ? null : shuffled(size);
  }

  take(count: number): BatchRequest[] {
    return Array.from({ length: count }, (_, number) => {
      const n = this.#order === null ? this.#next : this.#order[this.#next % this.#order.length];
      this.#next++;
      return this.#request(number, n as number);
    });
  }

  /** Each session once, to fill a store with. */
  all(): BatchRequest[] {
    return (this.#order ?? []).map((n, number) => this.#request(number, n));
  }

  /**
   * Each time new strings and objects, as a server makes them from what it receives: nobody has yet
   * computed the hash by which a `Map` finds the string.
   */
  #request(number: number, n: number): BatchRequest {
    return { number, token: this.#population.token(n), session: this.#population.session(n) };
  }
}

/** Fisher and Yates, with a generator that begins at the same seed each time. */
function shuffled(size: number): number[] {
  const order = Array.from({ length: size }, (_, n) => n);
  let seed = 1;
  for (let last = size - 1; last > 0; last--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * (last + 1));
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}
