// The published types must not need a package that is not installed with onehost: better-sqlite3 has its
// types elsewhere, in a package for development, and so has pg. Follows the imports from each entry of the package.
import { readFileSync } from 'node:fs';

const { exports, dependencies, peerDependencies } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);
const withTypes = Object.keys({ ...dependencies, ...peerDependencies }).filter(
  (name) => !['better-sqlite3', 'pg'].includes(name),
);
const root = new URL(`file://${process.cwd()}/`);
const open = Object.values(exports)
  .filter((entry) => typeof entry === 'object')
  .map((entry) => new URL(entry.types, root).href);
const seen = new Set(open);
for (const file of seen) {
  const text = readFileSync(new URL(file), 'utf8');
  for (const [, name] of text.matchAll(/^(?!\s*\*).*(?:from|import\()\s*'([^']+)'/gm)) {
    if (name.startsWith('.')) seen.add(new URL(name.replace(/\.(ts|js)$/, '.d.ts'), file).href);
    else if (!name.startsWith('node:') && !withTypes.some((known) => name.startsWith(known))) {
      console.error(`${new URL(file).pathname} imports "${name}", which brings no types along.`);
      process.exitCode = 1;
    }
  }
}
console.log(`published types: ${seen.size} files looked through`);
