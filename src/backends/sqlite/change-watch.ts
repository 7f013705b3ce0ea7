import type { Database } from 'better-sqlite3';

/** Tells whether another connection may have changed the file. It may err towards "yes", never towards "no". */
export interface ChangeWatch {
  readonly kind: 'data-version';

  /** Whether a commit of another connection has become visible since what was last acknowledged. */
  hasChanged(): boolean;

  /** What the last {@link hasChanged} saw is dealt with: the tail of the change log was read after it. */
  acknowledge(): void;
}

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

  hasChanged(): boolean {
    this.#seen = this.#select.get();
    return this.#seen !== this.#acknowledged;
  }

  acknowledge(): void {
    this.#acknowledged = this.#seen;
  }
}
