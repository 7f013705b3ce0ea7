import type { CancelTimer, Clock } from '../contract/clock.ts';

const BEAT_MILLISECONDS = 1000;

/** How many beats a question may go without an answer. */
const PATIENCE_BEATS = 5;

/** What is asked of a client of the package `redis`. */
export interface BeatingClient {
  readonly isReady: boolean;
  ping(): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
}

/**
 * Makes the connection of a client anew when it has given no answer for five seconds. The machine at its other end may be gone without having closed it, and nothing
 * else would notice for many minutes.
 *
 * It counts beats, and not time: a process that was stopped finds its answers when it goes on.
 */
export class RedisHeartbeat {
  readonly #client: BeatingClient;
  readonly #clock: Clock;
  #cancel: CancelTimer = () => {};
  /** How many beats ago what has no answer yet was asked; `null` if nothing is. */
  #waiting: number | null = null;

  constructor(client: BeatingClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#arm();
  }

  close(): void {
    this.#cancel();
  }

  #arm(): void {
    this.#cancel = this.#clock.after(BEAT_MILLISECONDS, () => {
      this.#arm();
      this.#beat();
    });
  }

  #beat(): void {
    // While it connects, it does so by itself.
    if (!this.#client.isReady) return;
    if (this.#waiting === null) this.#ask();
    else if (++this.#waiting >= PATIENCE_BEATS) this.#connectAnew();
  }

  #ask(): void {
    this.#waiting = 0;
    const answered = () => {
      this.#waiting = null;
    };
    // An error is an answer, too; or it says that the connection is gone, and there will be another.
    this.#client.ping().then(answered, answered);
  }

  #connectAnew(): void {
    this.#client.destroy();
    this.#client.connect().catch(() => {});
  }
}
