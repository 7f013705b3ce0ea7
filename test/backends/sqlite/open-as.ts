// Opens a database as another user, and prints how that ended: `open-as.ts <uid> <file>`.
import { openDatabase } from '../../../src/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const [user, file] = process.argv.slice(2) as [string, string];
{
  // What is loaded when a database is first opened may be out of the other user's reach.
  using folder = new TemporaryFolder();
  (await openDatabase(folder.file('first.db'))).close();
}
process.setuid?.(Number(user));
try {
  (await openDatabase(file)).close();
  console.log('opened');
} catch (error) {
  console.log((error as { code?: string }).code ?? String(error));
}
