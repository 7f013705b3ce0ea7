import type { WriteStream } from 'node:tty';
import type { Answer } from './browser.ts';

const LABEL_WIDTH = 44;
const ANSWER_WIDTH = 11;
const INDENT = ' '.repeat(11);

/** Prints what happens as it happens, with the time since the beginning. */
export class Timeline {
  readonly #out: WriteStream;
  readonly #start = performance.now();
  readonly #colours: boolean;
  #scenes = 0;

  constructor(out: WriteStream) {
    this.#out = out;
    // https://no-color.org
    this.#colours = out.isTTY && !process.env['NO_COLOR'];
  }

  begin(text: string): void {
    this.#print(
      `${text}\n${this.#green('✓')} as a user has a right to   ${this.#red('✗')} as it must not be`,
    );
  }

  scene(title: string, workers: readonly number[]): void {
    const heading = `${++this.#scenes}  ${title}`;
    const columns = workers.map((worker) => `worker ${worker}`.padEnd(ANSWER_WIDTH)).join('');
    this.#print(
      `\n${this.#bold(heading.padEnd(INDENT.length + LABEL_WIDTH))}${this.#dim(columns)}`,
    );
  }

  /** Something that somebody does. */
  step(text: string): void {
    const seconds = (performance.now() - this.#start) / 1000;
    this.#print(`${this.#dim(`${seconds.toFixed(2).padStart(6)} s`)}   ${text}`);
  }

  /** What each worker answered: `✓` where it is what the user has a right to, `✗` where it is not. */
  answers(label: string, answers: readonly Answer[], rightful: string | null): void {
    const cells = answers.map(({ user }) => {
      const isRight = user === rightful;
      const text = `${isRight ? '✓' : '✗'} ${user ?? 'refused'}`.padEnd(ANSWER_WIDTH);
      return isRight ? this.#green(text) : this.#red(text);
    });
    this.#print(`${INDENT}${label.padEnd(LABEL_WIDTH)}${cells.join('')}`);
  }

  note(text: string): void {
    this.#print(`${INDENT}${this.#dim(text)}`);
  }

  /** What a scene comes to; `isGood` tells whether a user would agree. */
  outcome(isGood: boolean, text: string): void {
    const line = `${isGood ? '✓' : '✗'} ${text}`;
    this.#print(`${INDENT}${this.#bold(isGood ? this.#green(line) : this.#red(line))}`);
  }

  end(text: string): void {
    const seconds = (performance.now() - this.#start) / 1000;
    this.#print(`\n${this.#bold(this.#green(`✓ ${text}`))} ${seconds.toFixed(1)} s`);
  }

  #print(line: string): void {
    this.#out.write(`${line.trimEnd()}\n`);
  }

  #bold(text: string): string {
    return this.#style(1, 22, text);
  }

  #dim(text: string): string {
    return this.#style(2, 22, text);
  }

  #red(text: string): string {
    return this.#style(31, 39, text);
  }

  #green(text: string): string {
    return this.#style(32, 39, text);
  }

  #style(on: number, off: number, text: string): string {
    return this.#colours ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  }
}
