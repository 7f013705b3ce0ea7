// A process that does to the file what a cron job of an administrator might: checkpoints and vacuums, with a connection of its own.
import SqliteConnection from 'better-sqlite3';

const [file] = process.argv.slice(2).map((text): string => JSON.parse(text).database);
if (file === undefined) throw new Error('Started by maintenance.ts.');

process.on('disconnect', () => process.exit());
const connection = new SqliteConnection(file, { timeout: 10_000 });

process.on('message', (statement: string) => {
  let isDone = true;
  try {
    const prepared = connection.prepare<[], { busy: number }>(statement);
    // A checkpoint says of itself whether somebody was in the way.
    if (prepared.reader) isDone = prepared.get()?.busy !== 1;
    else prepared.run();
  } catch (error) {
    if (!(error instanceof SqliteConnection.SqliteError) || !error.code.startsWith('SQLITE_BUSY'))
      throw error;
    isDone = false;
  }
  process.send?.(isDone);
});
process.send?.(true);
