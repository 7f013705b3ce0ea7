import { checkServer } from './check-server.ts';
import {
  connectionOf,
  type RedisClient,
  repeatsCommands,
  type SendCommand,
  sendBy,
} from './redis-client.ts';
import type { Script } from './script.ts';
import { translateError, type UnavailableError } from './translate-error.ts';

/**
 * What a store asks of the server. It looks whether the server is fit before the first command, and before the next one when it could not be asked or the client has
 * connected anew: there may be another in its place.
 */
export class ServerCommands {
  readonly prefix: string;
  /** Whether a command that was sent once may be carried out twice. */
  readonly mayRepeat: boolean;
  readonly #client: RedisClient;
  readonly #send: SendCommand;
  readonly #rethrow: (error: unknown) => never;
  /** The connection whose server was found fit. */
  #checked: number | null = null;

  /** @throws InvalidOptionError */
  constructor(of: string, client: RedisClient, prefix: string, Unavailable: UnavailableError) {
    this.prefix = prefix;
    this.#client = client;
    this.#send = sendBy(of, client);
    this.mayRepeat = repeatsCommands(client);
    this.#rethrow = (error) => {
      const translated = translateError(error, Unavailable);
      if (translated instanceof Unavailable) this.#checked = null;
      throw translated;
    };
  }

  /**
   * For what may be asked twice: an answer counts only if it came by a connection whose server was found fit, and what waits to be written when a connection is lost goes by
   * the next one. Without a promise more than there must be: a get is little else than this.
   */
  command(command: string[], signal: AbortSignal): Promise<unknown> {
    const checked = this.#checkedNow();
    return checked === null
      ? this.#check(signal).then((now) => this.#ask(now, command, signal), this.#rethrow)
      : this.#ask(checked, command, signal);
  }

  async run(script: Script, args: readonly string[], signal: AbortSignal): Promise<unknown> {
    try {
      const checked = this.#checkedNow() ?? (await this.#check(signal));
      const answer = await script.run(this.#send, this.prefix, args, signal);
      if (connectionOf(this.#client) !== checked) await this.#check(signal);
      return answer;
    } catch (error) {
      return this.#rethrow(error);
    }
  }

  #ask(connection: number, command: string[], signal: AbortSignal): Promise<unknown> {
    return this.#send(this.prefix, command, signal).then(
      (answer) =>
        connectionOf(this.#client) === connection ? answer : this.command(command, signal),
      this.#rethrow,
    );
  }

  #checkedNow(): number | null {
    return this.#checked === connectionOf(this.#client) ? this.#checked : null;
  }

  async #check(signal: AbortSignal): Promise<number> {
    for (;;) {
      const before = connectionOf(this.#client);
      await checkServer(this.#send, this.prefix, signal);
      const after = connectionOf(this.#client);
      // Otherwise it is not known which of the two has answered.
      if (after !== null && after === before) {
        this.#checked = after;
        return after;
      }
    }
  }
}
