import type { WriteStream } from 'node:tty';
import type { Answer } from './browser.ts';

const LABEL_WIDTH = 44;
const ANSWER_WIDTH = 11;
const INDENT = ' '.repeat(11);
const TICK_WIDTH = 15;
const TICKS_PER_LINE = 5;
const QUOTE_WIDTH = 84;

export interface Cell {
  readonly text: string;
  /** `null` for what is neither right nor wrong. */
  readonly isRight: boolean | null;
}

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
      return { text: `${isRight ? '✓' : '✗'} ${user ?? 'refused'}`, isRight };
    });
    this.cells(label, cells);
  }

  /** Something about each worker. */
  cells(label: string, cells: readonly Cell[]): void {
    const shown = cells.map(({ text, isRight }) => {
      const cell = text.padEnd(ANSWER_WIDTH);
      if (isRight === null) return this.#dim(cell);
      return isRight ? this.#green(cell) : this.#red(cell);
    });
    this.#print(`${INDENT}${label.padEnd(LABEL_WIDTH)}${shown.join('')}`);
  }

  /** What became of each second. */
  ticks(ticks: readonly { readonly tick: Date; readonly text: string }[]): void {
    const cells = ticks.map(({ tick, text }) =>
      `:${String(tick.getUTCSeconds()).padStart(2, '0')} ${text}`.padEnd(TICK_WIDTH),
    );
    for (let first = 0; first < cells.length; first += TICKS_PER_LINE) {
      this.#print(`${INDENT}${cells.slice(first, first + TICKS_PER_LINE).join('')}`);
    }
  }

  /** What the app wrote. */
  quote(text: string): void {
    const lines = text.split('\n').flatMap((line) => wrap(line, QUOTE_WIDTH));
    for (const line of lines) this.#print(`${INDENT}${this.#dim(`│ ${line}`)}`);
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

function wrap(line: string, width: number): string[] {
  const lines = [''];
  for (const word of line.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
