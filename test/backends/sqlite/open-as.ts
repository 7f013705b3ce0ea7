// Opens a database as another user, and prints how that ended: `open-as.ts <uid> <file>`.
import { openDatabase } from '../../../src/index.ts';

const [user, file] = process.argv.slice(2) as [string, string];
process.setuid?.(Number(user));
try {
  (await openDatabase(file)).close();
  console.log('opened');
} catch (error) {
  console.log((error as { code?: string }).code ?? String(error));
}
