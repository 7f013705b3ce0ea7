import { hash } from 'node:crypto';
import type { SendCommand } from './redis-client.ts';

/** A script that the server runs as a whole: nobody sees half of what it does. It is sent by its hash, and as text where the server does not know it. */
export class Script {
  readonly #text: string;
  readonly #hash: string;

  constructor(text: string) {
    this.#text = text;
    this.#hash = hash('sha1', text);
  }

  /** @param key by which a Cluster finds the server; all keys of a script are there. */
  async run(
    send: SendCommand,
    key: string,
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const rest = ['2', key, absent(key), ...args];
    try {
      return await send(key, ['EVALSHA', this.#hash, ...rest], signal);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return send(key, ['EVAL', this.#text, ...rest], signal);
    }
  }
}

/**
 * A second key, which is never there. While a Cluster moves the keys of a slot from one server to another, some are still on the one, and what would do with one
 * key is sent to the other, where a script would take all that has not come yet for gone. What has several keys of which one is not there it refuses on both, with TRYAGAIN.
 */
function absent(key: string): string {
  return `${key}-`;
}

/** After a restart, a failover, or `SCRIPT FLUSH`. Nothing was done. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
