import { readdirSync, readFileSync } from 'node:fs';
import { MigrationFailedError } from '../contract/errors/index.ts';

/** The migrations of one backend, as plain SQL beside the code. */
export class ShippedMigrations {
  readonly #folder: URL;
  #texts: ReadonlyMap<string, string> | undefined;

  constructor(folder: URL) {
    this.#folder = folder;
  }

  /** @throws MigrationFailedError */
  get names(): string[] {
    return [...this.texts.keys()];
  }

  /**
   * The text of each migration by its name, in their order. Read once, so that a process that has given up its
   * rights meanwhile can still open a database.
   *
   * @throws MigrationFailedError when they were not shipped.
   */
  get texts(): ReadonlyMap<string, string> {
    try {
      this.#texts ??= this.#read();
      return this.#texts;
    } catch (cause) {
      throw new MigrationFailedError(
        `The migrations that onehost ships are not at ${this.#folder.pathname}. ` +
          'A bundler that put onehost into one file has left them out: mark onehost as external.',
        { cause },
      );
    }
  }

  #read(): ReadonlyMap<string, string> {
    const files = readdirSync(this.#folder).filter((name) => name.endsWith('.sql'));
    return new Map(
      files
        .sort()
        .map((name) => [
          name.slice(0, -'.sql'.length),
          readFileSync(new URL(name, this.#folder), 'utf8'),
        ]),
    );
  }
}
