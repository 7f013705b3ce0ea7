// Makes a file and removes it, over and over, until it is ended: `come-and-go.ts <file>`.
import { closeSync, openSync, unlinkSync } from 'node:fs';

const [file] = process.argv.slice(2) as [string];
process.send?.('ready');
for (;;) {
  closeSync(openSync(file, 'w', 0o600));
  unlinkSync(file);
}
