// Commits once to a table `t`, or spoils the WAL index as a writer does that is killed while it writes the header, after it
// was told to: `commit-once.ts <database> <commit|spoil>`.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import SqliteConnection from 'better-sqlite3';

const [file, what] = process.argv.slice(2) as [string, string];
process.once('message', () => {
  if (what === 'commit') {
    const connection = new SqliteConnection(file);
    connection.exec('insert into t values (1)');
    connection.close();
  } else {
    const index = openSync(`${file}-shm`, 'r+');
    const header = Buffer.alloc(48);
    readSync(index, header, 0, 48, 0);
    // The second copy is of the next transaction, the first is not written yet.
    header.writeUInt32LE(header.readUInt32LE(8) + 1, 8);
    writeSync(index, header, 0, 48, 48);
    closeSync(index);
  }
  process.disconnect();
});
process.send?.('ready');
