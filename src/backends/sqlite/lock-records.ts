import type { Database } from 'better-sqlite3';
import { prepare, statement } from './statement.ts';

const selectRecords = statement()((db) =>
  db
    .selectFrom('onehost_file')
    .select(['locks_proved_boot_id as provedBootId', 'locks_broken_boot_id as brokenBootId']),
);

const updateProved = statement<{ bootId: string }>()((db, param) =>
  db.updateTable('onehost_file').set({ locks_proved_boot_id: param('bootId') }),
);

const updateBroken = statement<{ bootId: string }>()((db, param) =>
  db.updateTable('onehost_file').set({ locks_broken_boot_id: param('bootId') }),
);

/** What all processes have learnt of the file's locks, for as long as the machine runs. */
export class LockRecords {
  readonly #select;
  readonly #prove;
  readonly #break;

  constructor(connection: Database) {
    this.#select = prepare(connection, selectRecords);
    this.#prove = prepare(connection, updateProved);
    this.#break = prepare(connection, updateBroken);
  }

  /** Whether a process has been seen to be kept out by the lock of another. */
  areProved(bootId: string): boolean {
    return this.#select.get({})?.provedBootId === bootId;
  }

  /** Whether the lock of a process that lived was found free. */
  areBroken(bootId: string): boolean {
    return this.#select.get({})?.brokenBootId === bootId;
  }

  setProved(bootId: string): void {
    this.#prove.run({ bootId });
  }

  setBroken(bootId: string): void {
    this.#break.run({ bootId });
  }
}
