import { setMaxListeners } from 'node:events';
import type { Awaitable } from '../contract/awaitable.ts';
import type { CancelTimer, Clock } from '../contract/clock.ts';

/** Calls that begin within this share of their time have one deadline, that of the first: the others have so much less at most. */
const SHARED_SHARE = 1 / 32;

/**
 * What `withinDeadline` does, for calls that come by the thousand: those that begin at about the same time share a signal and a timer. One of each for every call
 * cost 10 us of the 20 that a get of a session in Redis took.
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
  async within<T>(operation: (signal: AbortSignal) => Awaitable<T>): Promise<T> {
    const deadline = this.#deadline();
    return new Promise<T>((resolve, reject) => {
      deadline.enter(reject);
      carryOut(operation, deadline.signal).then(
        (value) => {
          deadline.leave(reject);
          resolve(value);
        },
        (error) => {
          deadline.leave(reject);
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
    this.#newest = new Deadline(this.#clock, now, this.#milliseconds, this.#late);
    return this.#newest;
  }
}

async function carryOut<T>(
  operation: (signal: AbortSignal) => Awaitable<T>,
  signal: AbortSignal,
): Promise<T> {
  return operation(signal);
}

/** When several calls end at the latest. */
class Deadline {
  readonly begunAt: number;
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #late: () => Error;
  readonly #controller = new AbortController();
  readonly #waiting = new Set<(error: Error) => void>();
  #isArmed = false;
  #isLookedAt = false;
  #cancel: CancelTimer = () => {};

  constructor(clock: Clock, begunAt: number, milliseconds: number, late: () => Error) {
    this.begunAt = begunAt;
    this.#clock = clock;
    this.#milliseconds = milliseconds;
    this.#late = late;
    // Each command that waits to be sent listens.
    setMaxListeners(0, this.#controller.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** While somebody waits for an answer, the process is not to end before it. */
  enter(reject: (error: Error) => void): void {
    this.#waiting.add(reject);
    if (this.#isArmed) return;
    this.#isArmed = true;
    const left = this.begunAt + this.#milliseconds - this.#clock.monotonic();
    this.#cancel = this.#clock.after(left, () => this.#end(), { keepsProcessAlive: true });
  }

  leave(reject: (error: Error) => void): void {
    this.#waiting.delete(reject);
    if (this.#waiting.size > 0 || this.#isLookedAt) return;
    this.#isLookedAt = true;
    // Whoever asks for one thing after the other asks for the next by then, and a timer for each costs a tenth of the call.
    setImmediate(() => this.#disarm());
  }

  #disarm(): void {
    this.#isLookedAt = false;
    if (this.#waiting.size > 0) return;
    this.#cancel();
    this.#isArmed = false;
  }

  #end(): void {
    const error = this.#late();
    for (const reject of this.#waiting) reject(error);
    this.#controller.abort(error);
  }
}
