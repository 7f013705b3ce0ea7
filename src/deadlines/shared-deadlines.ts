import { setMaxListeners } from 'node:events';
import { type Awaitable, isThenable } from '../contract/awaitable.ts';
import type { Clock } from '../contract/clock.ts';

/** Calls that begin within this share of their time have one deadline, that of the first: the others have so much less at most. */
const SHARED_SHARE = 1 / 32;

/**
 * What `withinDeadline` does, for calls that come by the thousand: those that begin at about the same time share a signal and a timer. One of each for every call
 * cost 10 us of the 20 that a get of a session in Redis took.
 *
 * The timer runs on when the answers have come, and does not keep the process alive: the connection that an answer is awaited from does. To call it off each time
 * costs as much as to make one.
 */
export class SharedDeadlines {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #late: () => Error;
  #newest: Deadline | undefined;

  /** @param late what a call that takes longer than `timeoutSeconds` is told. */
  constructor(clock: Clock, timeoutSeconds: number, late: () => Error) {
    this.#clock = clock;
    this.#milliseconds = timeoutSeconds * 1000;
    this.#late = late;
  }

  /**
   * What `operation` gives, unless it takes too long: then this rejects, and the operation's `signal` aborts with the same. Whoever carries it out has
   * to let go of what is still waiting then.
   */
  within<T>(operation: (signal: AbortSignal) => Awaitable<T>): Promise<T> {
    const { signal, waiting } = this.#deadline();
    return new Promise<T>((resolve, reject) => {
      const given = operation(signal);
      if (!isThenable(given)) {
        resolve(given);
        return;
      }
      waiting.add(reject);
      given.then(
        (value) => {
          waiting.delete(reject);
          resolve(value);
        },
        (error) => {
          waiting.delete(reject);
          reject(error);
        },
      );
    });
  }

  #deadline(): Deadline {
    const now = this.#clock.monotonic();
    const newest = this.#newest;
    if (newest !== undefined && now - newest.begunAt < this.#milliseconds * SHARED_SHARE) {
      return newest;
    }
    const deadline = new Deadline(now);
    this.#clock.after(this.#milliseconds, () => {
      if (deadline.waiting.size > 0) deadline.end(this.#late());
    });
    this.#newest = deadline;
    return deadline;
  }
}

/** When several calls end at the latest. */
class Deadline {
  readonly begunAt: number;
  /** How those that wait for an answer are told. */
  readonly waiting: Set<(error: Error) => void> = new Set();
  readonly #controller = new AbortController();

  constructor(begunAt: number) {
    this.begunAt = begunAt;
    // Each command that waits to be sent listens.
    setMaxListeners(0, this.#controller.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(error: Error): void {
    for (const reject of this.waiting) reject(error);
    this.#controller.abort(error);
  }
}
