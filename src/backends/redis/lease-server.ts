import type { Clock } from '../../contract/clock.ts';
import { LeaseStoreUnavailableError } from '../../contract/errors/index.ts';
import { publish } from '../../contract/events.ts';
import { withinDeadline } from '../../deadlines/within-deadline.ts';
import type { Script } from './script.ts';
import type { ServerCommands } from './server-commands.ts';
import { REMEDY } from './translate-error.ts';

/** Where leases and jobs are kept: what its stores ask, each time within a deadline. */
export class LeaseServer {
  readonly #commands: ServerCommands;
  readonly #clock: Clock;
  readonly #timeoutSeconds: number;
  #epoch = '';

  constructor(commands: ServerCommands, clock: Clock, timeoutSeconds: number) {
    this.#commands = commands;
    this.#clock = clock;
    this.#timeoutSeconds = timeoutSeconds;
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** What messages call it. */
  get name(): string {
    return `Redis under ${this.#commands.prefix}`;
  }

  /** @throws LeaseStoreUnavailableError, ServerUnsuitableError */
  run(
    script: Script,
    args: readonly string[],
    atMostSeconds: number = Number.POSITIVE_INFINITY,
  ): Promise<unknown> {
    const seconds = Math.min(this.#timeoutSeconds, atMostSeconds);
    return withinDeadline(
      this.#clock,
      seconds,
      (signal) => this.#commands.run(script, args, signal),
      () =>
        new LeaseStoreUnavailableError(
          `Redis did not answer within ${seconds} s. Of a write it is not known whether it was done. ${REMEDY}`,
        ),
    );
  }

  /** A script has told the epoch of what the server keeps. */
  noteEpoch(epoch: string): void {
    const before = this.#epoch;
    this.#epoch = epoch;
    if (before !== '' && before !== epoch) {
      publish('onehost:leases-lost', { prefix: this.#commands.prefix });
    }
  }
}
