import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { DatabaseCorruptError } from '../../contract/errors/index.ts';
import type { BootId } from './boot-id.ts';
import { prepare, statement } from './statement.ts';
import { isBusy } from './translate-error.ts';

/** Whether a `-wal` with something in it lies beside the file. To be asked before the file is opened. */
export function hasLeftoverWal(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

const selectCheckedBoot = statement()((db) =>
  db.selectFrom('onehost_file').select('checked_boot_id as bootId'),
);

const updateCheckedBoot = statement<{ bootId: string | null }>()((db, param) =>
  db.updateTable('onehost_file').set({ checked_boot_id: param('bootId') }),
);

/**
 * Looks through the whole file if the machine may have gone down while it was in use: it was last
 * checked during another boot, and a `-wal` was left over. That is once per power cut, and never on the
 * usual start: a killed process does not damage a database, and reading all of a large one takes seconds.
 *
 * Who finds damage notes that the file was never found to be sound, and so it is looked through until it is: whoever closes it
 * folds the `-wal` into it, and the next start would find nothing left over.
 *
 * @throws DatabaseCorruptError
 */
export function checkSoundness(
  connection: Database,
  file: string,
  options: { leftoverWal: boolean; bootId: BootId },
): void {
  const now = options.bootId();
  const checked = prepare(connection, selectCheckedBoot).get({})?.bootId ?? null;
  if (checked === now) return;
  if (options.leftoverWal || checked === null) {
    const findings = connection.prepare<[], string>('pragma quick_check(3)').pluck().all();
    if (findings[0] !== 'ok') {
      noteUnsound(connection);
      throw new DatabaseCorruptError(
        `${file} is damaged, and the machine went down since it was last used: ${findings.join('; ')}. ` +
          'Stop every process that uses it, keep a copy, and restore a backup, or delete the file with its ' +
          '-wal and -shm: everyone has to log in again then.',
      );
    }
  }
  prepare(connection, updateCheckedBoot).run({ bootId: now });
}

function noteUnsound(connection: Database): void {
  try {
    prepare(connection, updateCheckedBoot).run({ bootId: null });
  } catch (error) {
    // What else keeps it from being noted must not hide the damage.
    if (isBusy(error)) throw error;
  }
}
