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
    try {
      return await send(key, ['EVALSHA', this.#hash, '1', key, ...args], signal);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return send(key, ['EVAL', this.#text, '1', key, ...args], signal);
    }
  }
}

/** After a restart, a failover, or `SCRIPT FLUSH`. Nothing was done. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
