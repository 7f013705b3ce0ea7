import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The part of a document that a program writes: what stands between `<!-- name:begin -->` and `<!-- name:end -->`.
 */
export class MarkedPart {
  readonly #file: string;
  readonly #begin: string;
  readonly #end: string;

  /** @param document below docs/. */
  constructor(document: string, name: string) {
    this.#file = document;
    this.#begin = `<!-- ${name}:begin -->`;
    this.#end = `<!-- ${name}:end -->`;
  }

  /**
   * To be called before anything is measured, so that a run of many minutes is not for nothing.
   *
   * @throws Error when there is no such part.
   */
  assertThere(): void {
    this.#around();
  }

  write(text: string): void {
    const { before, after } = this.#around();
    writeFileSync(this.#url, `${before}${this.#begin}\n\n${text}\n\n${this.#end}${after}`);
  }

  get #url(): URL {
    return new URL(`../../docs/${this.#file}`, import.meta.url);
  }

  #around(): { before: string; after: string } {
    const [before, rest] = readFileSync(this.#url, 'utf8').split(this.#begin);
    const after = rest?.split(this.#end)[1];
    if (before === undefined || after === undefined) {
      throw new Error(
        `docs/${this.#file} must have the lines ${this.#begin} and ${this.#end}: put them back, or leave out --write.`,
      );
    }
    return { before, after };
  }
}
