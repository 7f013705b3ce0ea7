import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { type Awaitable, isThenable } from '../../../src/contract/awaitable.ts';
import {
  isOnehostError,
  type Session,
  type SessionCache,
  sessionIdOf,
} from '../../../src/index.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import type { AppStore } from './app-store.ts';
import type { Entry, HistoryWriter } from './history-file.ts';
import { NONE } from './operation.ts';

export interface NumberedSession extends Session {
  readonly number: number;
}

export interface Workload {
  readonly tokens: number;
  readonly users: number;
  readonly seed: number;
  /** The sessions of this process are numbered from here. */
  readonly firstSession: number;
  /** Of which most take a small part. Revocations are to fall into the slow ones: some times what an operation takes. */
  readonly longestLoadMilliseconds: number;
}

/** How many loads a process may have under way. */
const MOST_LOADS = 4;
/** How many operations follow each other before timers fire and loads go on. */
const IN_A_ROW = 40;
/** Longer than any run: nothing expires. */
const TTL_SECONDS = 24 * 3600;

/** Parts of a thousand; all others are reads. */
const SHARES = {
  set: 25,
  touch: 30,
  invalidate: 18,
  invalidateById: 8,
  invalidateByUser: 10,
  invalidateOthersOfUser: 4,
  clear: 1,
  getOrLoad: 70,
};

/** Does random operations on few tokens, and writes down each one. As an app should, it changes its own store before it changes the cache. */
export class RandomOperations {
  readonly #cache: SessionCache<NumberedSession>;
  readonly #app: AppStore;
  readonly #workload: Workload;
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #choices: (() => Awaitable<void>)[] = [];
  #history: HistoryWriter | null = null;
  #lastSession: number;
  #lastId = 0;
  readonly #loads = new Set<Promise<void>>();

  /** @param now in nanoseconds, by a clock that all processes share. */
  constructor(
    cache: SessionCache<NumberedSession>,
    app: AppStore,
    workload: Workload,
    now: () => number,
  ) {
    this.#cache = cache;
    this.#app = app;
    this.#workload = workload;
    this.#random = randomNumbers(workload.seed);
    this.#now = now;
    this.#lastSession = workload.firstSession;
    const operations: Record<keyof typeof SHARES, () => Awaitable<void>> = {
      set: () => this.#set(),
      touch: () => this.#touch(),
      invalidate: () => this.#invalidate(),
      invalidateById: () => this.#invalidateById(),
      invalidateByUser: () => this.#invalidateByUser(NONE),
      invalidateOthersOfUser: () => this.#invalidateByUser(this.#token()),
      clear: () => this.#clear(),
      getOrLoad: () => this.#startLoad(),
    };
    for (const [name, share] of Object.entries(SHARES)) {
      const operation = operations[name as keyof typeof SHARES];
      this.#choices.push(...Array.from({ length: share }, () => operation));
    }
  }

  async run(count: number, history: HistoryWriter): Promise<void> {
    this.#history = history;
    for (let done = 1; done <= count; done++) {
      const choice = this.#choices[this.#below(1000)] ?? (() => this.#get());
      const underWay = choice();
      // What is done when it returns is to be written down before anything else can happen in this process.
      if (underWay !== undefined) await underWay;
      if (done % IN_A_ROW === 0) await nextTurn();
    }
    await Promise.all(this.#loads);
  }

  #get(): Awaitable<void> {
    return this.#read('get', (name) =>
      then(this.#cache.get(name), (session) => session?.number ?? 0),
    );
  }

  #touch(): Awaitable<void> {
    // Longer or shorter than it was: a shortened life is another matter for the other processes.
    const ttl = TTL_SECONDS * (1 + this.#random());
    return this.#read('touch', (name) => then(this.#cache.touch(name, ttl), Number));
  }

  #read(kind: 'get' | 'touch', work: (name: string) => Awaitable<number>): Awaitable<void> {
    const token = this.#token();
    const name = nameOf(token);
    const id = ++this.#lastId;
    const begin = this.#now();
    return then(work(name), (result) => {
      const entry = { kind, id, token, user: NONE, session: NONE, version: NONE };
      this.#history?.add({ ...entry, begin, result, end: this.#now() });
    });
  }

  #set(): Awaitable<void> {
    const [token, user, session] = [this.#token(), this.#user(), ++this.#lastSession];
    const version = this.#app.change(token, user, true);
    const value = { userId: nameOf(user), number: session };
    return this.#do({ kind: 'set', token, user, session, version }, () =>
      then(this.#cache.set(nameOf(token), value, TTL_SECONDS), () => 0),
    );
  }

  #invalidate(): Awaitable<void> {
    const token = this.#token();
    // A logout; or the user has other rights now, or it is another user.
    const version = this.#app.change(token, this.#user(), this.#random() < 0.6);
    return this.#do({ kind: 'invalidate', token, user: NONE, session: NONE, version }, () =>
      then(this.#cache.invalidate(nameOf(token)), Number),
    );
  }

  /** From the device list of a user: mostly the one that the session is of. */
  #invalidateById(): Awaitable<void> {
    const token = this.#token();
    const user = this.#app.find(token)?.user ?? this.#user();
    const version = this.#app.change(token, this.#user(), this.#random() < 0.6);
    return this.#do({ kind: 'invalidateById', token, user, session: NONE, version }, () =>
      then(this.#cache.invalidateById(nameOf(user), sessionIdOf(nameOf(token))), Number),
    );
  }

  #invalidateByUser(exceptToken: number): Awaitable<void> {
    const user = this.#user();
    const version = this.#app.changeOfUser(user, this.#random() < 0.6, exceptToken);
    const options = exceptToken === NONE ? {} : { exceptToken: nameOf(exceptToken) };
    const what = { token: exceptToken, user, session: NONE, version };
    return this.#do({ kind: 'invalidateByUser', ...what }, () =>
      this.#cache.invalidateByUser(nameOf(user), options),
    );
  }

  #clear(): Awaitable<void> {
    const version = this.#app.changeAll();
    return this.#do({ kind: 'clear', token: NONE, user: NONE, session: NONE, version }, () =>
      then(this.#cache.clear(), () => 0),
    );
  }

  /** What changes anything. That it begins is in the file first. */
  #do(
    what: Omit<Entry, 'id' | 'begin' | 'end' | 'result'>,
    work: () => Awaitable<number>,
  ): Awaitable<void> {
    const announced = { ...what, id: ++this.#lastId, begin: this.#now() };
    this.#history?.announce(announced);
    return then(work(), (result) => {
      this.#history?.add({ ...announced, result, end: this.#now() });
    });
  }

  #startLoad(): Awaitable<void> {
    if (this.#loads.size >= MOST_LOADS) return this.#get();
    const loading = this.#getOrLoad(this.#token()).finally(() => this.#loads.delete(loading));
    this.#loads.add(loading);
  }

  async #getOrLoad(token: number): Promise<void> {
    const id = ++this.#lastId;
    const begin = this.#now();
    const given = await this.#cache
      .getOrLoad(nameOf(token), () => this.#load(id, token))
      .catch((error: unknown) => {
        // It has found no session at first, and that is all it says.
        if (isOnehostError(error) && error.code === 'ONEHOST_LOAD_REFUSED') return null;
        throw error;
      });
    const end = this.#now();
    const result = given?.number ?? 0;
    const what = { kind: 'getOrLoad', token, user: NONE, session: NONE, version: NONE } as const;
    this.#history?.add({ ...what, id, begin, result, end });
  }

  async #load(id: number, token: number) {
    const begin = this.#now();
    const hesitation = this.#random();
    const found = this.#app.find(token);
    if (hesitation < 0.6) await nextTurn();
    else await wait(hesitation * this.#workload.longestLoadMilliseconds);
    if (found === undefined) return null;
    const { user, version } = found;
    const session = ++this.#lastSession;
    const what = { kind: 'load', id, token, user, session, version, begin } as const;
    this.#history?.add({ ...what, result: 0, end: this.#now() });
    // What is filled in now must be known even if the process ends in it.
    this.#history?.flush();
    return { session: { userId: nameOf(user), number: session }, ttlSeconds: TTL_SECONDS };
  }

  #token(): number {
    return this.#below(this.#workload.tokens);
  }

  #user(): number {
    return this.#below(this.#workload.users);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** At once where it is there already: in the same turn as what it comes after. */
function then<T, R>(answer: Awaitable<T>, next: (answer: T) => R): Awaitable<R> {
  return isThenable(answer) ? answer.then(next) : next(answer);
}

function nameOf(number: number): string {
  return `number ${number}`;
}
