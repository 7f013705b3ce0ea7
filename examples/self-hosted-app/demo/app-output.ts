import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const LIMIT_SECONDS = 30;

/** What the app writes, line by line. */
export class AppOutput {
  readonly #lines: string[] = [];
  readonly #written = new EventEmitter();

  constructor(streams: readonly (Readable | null)[]) {
    for (const stream of streams) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        this.#written.emit('line');
      });
    }
  }

  /** How many lines there are: where to begin to look for what is yet to come. */
  get length(): number {
    return this.#lines.length;
  }

  last(count: number): string {
    return this.#lines.slice(-count).join('\n').trim();
  }

  /** The first line from `start` on that matches, as soon as it is there; throws when it does not come. */
  async line(
    pattern: RegExp,
    { start = 0, signal }: { start?: number; signal: AbortSignal },
  ): Promise<string> {
    const limit = AbortSignal.timeout(LIMIT_SECONDS * 1000);
    for (;;) {
      const found = this.#lines.slice(start).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      try {
        await once(this.#written, 'line', { signal: AbortSignal.any([signal, limit]) });
      } catch (error) {
        if (!limit.aborted) throw error;
        throw new Error(`The app wrote nothing like ${pattern} within ${LIMIT_SECONDS} s.`);
      }
    }
  }
}
