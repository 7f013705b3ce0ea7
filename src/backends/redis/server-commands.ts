import { checkServer } from './check-server.ts';
import { type RedisClient, type SendCommand, sendBy } from './redis-client.ts';
import type { Script } from './script.ts';
import { translateError, type UnavailableError } from './translate-error.ts';

/** What a store asks of the server. It looks whether the server is fit, before the first command, and before the next one when it could not be asked: there may be another in its place. */
export class ServerCommands {
  readonly prefix: string;
  readonly #send: SendCommand;
  readonly #rethrow: (error: unknown) => never;
  #isChecked = false;

  /** @throws InvalidOptionError */
  constructor(of: string, client: RedisClient, prefix: string, Unavailable: UnavailableError) {
    this.prefix = prefix;
    this.#send = sendBy(of, client);
    this.#rethrow = (error) => {
      const translated = translateError(error, Unavailable);
      if (translated instanceof Unavailable) this.#isChecked = false;
      throw translated;
    };
  }

  /** Without a promise more than there must be: a get is little else than this. */
  command(command: string[], signal: AbortSignal): Promise<unknown> {
    const sent = this.#isChecked
      ? this.#send(this.prefix, command, signal)
      : this.#check(signal).then(() => this.#send(this.prefix, command, signal));
    return sent.catch(this.#rethrow);
  }

  async run(script: Script, args: readonly string[], signal: AbortSignal): Promise<unknown> {
    try {
      if (!this.#isChecked) await this.#check(signal);
      return await script.run(this.#send, this.prefix, args, signal);
    } catch (error) {
      return this.#rethrow(error);
    }
  }

  async #check(signal: AbortSignal): Promise<void> {
    await checkServer(this.#send, this.prefix, signal);
    this.#isChecked = true;
  }
}
