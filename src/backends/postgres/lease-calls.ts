import type { Clock } from '../../contract/clock.ts';
import { LeaseStoreUnavailableError } from '../../contract/errors/index.ts';
import { withinDeadline } from '../../deadlines/within-deadline.ts';
import {
  isConflict,
  isServerError,
  MAX_ATTEMPTS,
  translateError,
  type Unavailable,
} from './translate-error.ts';

export const unavailable: Unavailable = (message, cause) =>
  new LeaseStoreUnavailableError(message, { cause });

/** The deadline of each call on leases and jobs. */
export class LeaseCalls {
  readonly #clock: Clock;
  readonly #timeoutSeconds: number;

  constructor(clock: Clock, timeoutSeconds: number) {
    this.#clock = clock;
    this.#timeoutSeconds = timeoutSeconds;
  }

  /**
   * What `work` gives, unless it takes longer than the deadline, or than `atMostSeconds`. What the server says of a statement is thrown on as it is: it
   * may be about the app's own tables.
   *
   * @throws LeaseStoreUnavailableError
   */
  async within<T>(
    work: (signal: AbortSignal) => Promise<T>,
    atMostSeconds: number = this.#timeoutSeconds,
  ): Promise<T> {
    try {
      return await this.#withinSeconds(work, Math.min(this.#timeoutSeconds, atMostSeconds));
    } catch (error) {
      throw isServerError(error) ? error : translateError(error, unavailable);
    }
  }

  /**
   * The same for what concerns nothing but the tables of onehost, and is begun again when it was undone because another transaction was in its way. What the
   * server says of it is about onehost, and an error of ours.
   *
   * @throws LeaseStoreUnavailableError, ServerUnsuitableError
   */
  async withinAgain<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.within(async (signal) => {
        for (let attempt = 1; ; attempt++) {
          try {
            return await work(signal);
          } catch (error) {
            if (!isConflict(error) || attempt === MAX_ATTEMPTS || signal.aborted) throw error;
          }
        }
      });
    } catch (error) {
      throw isServerError(error) ? translateError(error, unavailable) : error;
    }
  }

  /**
   * What `work` gives or throws, which the server ends by itself after `limitMilliseconds`: unless nothing is heard of it for the deadline of a call after that.
   *
   * @throws LeaseStoreUnavailableError
   */
  async afterLimit<T>(
    work: (signal: AbortSignal) => Promise<T>,
    limitMilliseconds: number,
  ): Promise<T> {
    return this.#withinSeconds(work, limitMilliseconds / 1000 + this.#timeoutSeconds);
  }

  #withinSeconds<T>(work: (signal: AbortSignal) => Promise<T>, seconds: number): Promise<T> {
    return withinDeadline(this.#clock, seconds, work, () =>
      unavailable(
        `PostgreSQL did not answer within ${seconds} s (timeoutSeconds). Of a write it is not known whether it was done. Look whether the server runs, ` +
          'and whether the pool is large enough.',
        null,
      ),
    );
  }
}
