import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { compiled } from '../../support/compiled.ts';
import { next, Programs } from '../programs.ts';
import type { JournalLine } from './operations.ts';
import type { WriterOrder } from './writer.ts';

/** How many stand ready: a process takes longer to start than a round takes. */
const READY = 2;

/** Processes that write until they are killed. */
export class Writers implements Disposable {
  readonly #programs: Programs;
  readonly #ready: { readonly child: ChildProcess; readonly ready: Promise<unknown> }[] = [];

  /** @param folder an empty one, for the program. */
  constructor(folder: string) {
    this.#programs = new Programs(compiled(new URL('./writer.ts', import.meta.url), folder));
    for (let count = 0; count < READY; count++) this.#startOne();
  }

  /** Lets one write for so long and kills it; what it has written down. */
  async writeFor(milliseconds: number, order: WriterOrder): Promise<JournalLine[]> {
    const writer = this.#ready.shift();
    if (writer === undefined) throw new Error('None is ready.');
    this.#startOne();
    await writer.ready;
    const begun = next(writer.child, 'message');
    writer.child.send(order);
    await begun;
    await wait(milliseconds);
    await this.#programs.kill(writer.child);
    return readJournal(order.journal);
  }

  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
  }

  #startOne(): void {
    const child = this.#programs.start({});
    const ready = next(child, 'message');
    ready.catch(() => {});
    this.#ready.push({ child, ready });
  }
}

/** A line that was not finished was not written down. */
function readJournal(file: string): JournalLine[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalLine);
}
