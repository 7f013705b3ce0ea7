import type { Database } from 'better-sqlite3';
import type { ChangeWatch } from './change-watch.ts';

/**
 * `PRAGMA data_version`: an integer that stays the same for as long as no *other* connection commits,
 * of this process or another (https://sqlite.org/pragma.html#pragma_data_version). Commits of the own
 * connection do not change it. Works everywhere, for 1-3 us a look.
 */
export class DataVersionWatch implements ChangeWatch {
  readonly kind = 'data-version';
  readonly #select;
  #seen: number | undefined;
  #acknowledged: number | undefined;

  constructor(connection: Database) {
    this.#select = connection.prepare<[], number>('pragma data_version').pluck();
    this.hasChanged();
    this.acknowledge();
  }

  mayHaveChanged(): boolean {
    return true;
  }

  hasChanged(): boolean {
    this.#seen = this.#select.get();
    return this.#seen !== this.#acknowledged;
  }

  acknowledge(): void {
    this.#acknowledged = this.#seen;
  }

  /** Nothing to let go of: on a connection that is closed the pragma throws. */
  close(): void {}
}
