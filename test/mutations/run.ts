// Breaks a copy of the source in one place after the other, and shows that the tests notice each time:
// `npm run mutations [-- words of a name, or of a test]`. Ends with 1 if a bug lives on. With `--write`, the table of all of them goes into docs/reliability.md.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MarkedPart } from '../support/marked-part.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { fencingMutations } from './fencing-mutations.ts';
import { jobMutations } from './job-mutations.ts';
import { leaseMutations } from './lease-mutations.ts';
import { tableOf } from './mutation-table.ts';
import { type Mutation, mutations } from './mutations.ts';
import { outageMutations } from './outage-mutations.ts';
import { postgresMutations } from './postgres-mutations.ts';
import { redisMutations } from './redis-mutations.ts';
import { sharedMemoryMutations } from './shared-memory-mutations.ts';
import { watchMutations } from './watch-mutations.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Enough for a bug to show, many times over, and few enough to wait for. */
const HISTORY_SECONDS = '6';

const { values: flags, positionals } = parseArgs({
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const words = positionals.join(' ');
const document = new MarkedPart('reliability.md', 'mutations');
if (flags.write) {
  if (words !== '')
    throw new Error('What is written is of all bugs: leave out --write, or the words.');
  document.assertThere();
}
const all = [
  ...mutations,
  ...watchMutations,
  ...leaseMutations,
  ...fencingMutations,
  ...jobMutations,
  ...outageMutations,
  ...redisMutations,
  ...postgresMutations,
  ...sharedMemoryMutations,
];
const chosen = all.filter(({ name, caughtBy }) => name.includes(words) || caughtBy.includes(words));
using folder = new TemporaryFolder();
copyProject(folder.path);

// Before anything that takes long.
for (const mutation of chosen)
  breakIt(mutation, readFileSync(path.join(folder.path, mutation.file), 'utf8'));

// Each kind of test passes while nothing is broken, or its failing would prove nothing.
for (const { caughtBy, file } of chosen.filter(isFirstOfItsTests)) {
  const run = runTests({ caughtBy, file });
  if (run.status !== 0) {
    throw new Error(`${caughtBy} fails without a bug:\n${run.stdout}\n${run.stderr}`);
  }
  console.log(`      passes unbroken  ${caughtBy}`);
}

let survivors = 0;
const caughtOnes = new Set<Mutation>();
for (const [index, mutation] of chosen.entries()) {
  const began = performance.now();
  const caught = isCaught(mutation);
  if (caught) caughtOnes.add(mutation);
  else survivors++;
  const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(3);
  const place = `${index + 1}`.padStart(2);
  console.log(
    `${place}/${chosen.length} ${caught ? 'caught' : 'LIVES '} ${seconds} s  ${mutation.name}  (${mutation.caughtBy})`,
  );
}
console.log(`\n${chosen.length - survivors} of ${chosen.length} bugs caught`);
process.exitCode = survivors === 0 ? 0 : 1;
if (flags.write) document.write(tableOf(chosen, caughtOnes));

function copyProject(to: string): void {
  const files = execFileSync(
    'git',
    [
      'ls-files',
      '--cached',
      '--others',
      '--exclude-standard',
      '-z',
      'src',
      'test',
      'migrations',
      'docs',
      '*.json',
      '*.ts',
    ],
    { cwd: root, encoding: 'utf8' },
  );
  for (const file of files.split('\0').filter((name) => name !== '')) {
    cpSync(path.join(root, file), path.join(to, file));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(to, 'node_modules'));
}

function isFirstOfItsTests({ caughtBy }: Mutation, index: number): boolean {
  return chosen.findIndex((each) => each.caughtBy === caughtBy) === index;
}

function isCaught(mutation: Mutation): boolean {
  const file = path.join(folder.path, mutation.file);
  const sound = readFileSync(file, 'utf8');
  writeFileSync(file, breakIt(mutation, sound));
  try {
    const run = runTests(mutation);
    // A test that could not even be read is no catch; told at once, and the others go on.
    const isRead = !/Failed Suites|SyntaxError|Transform failed/.test(run.stdout + run.stderr);
    if (!isRead) console.log(`"${mutation.name}" does not run:\n${run.stdout}\n${run.stderr}`);
    return isRead && run.status !== 0;
  } finally {
    writeFileSync(file, sound);
  }
}

function breakIt({ name, file, edits }: Mutation, sound: string): string {
  return edits.reduce((text, [find, replace]) => {
    if (text.split(find).length !== 2) {
      throw new Error(`"${name}": this does not stand once in ${file}: ${find}`);
    }
    return text.replace(find, () => replace);
  }, sound);
}

function runTests({ caughtBy, file }: Pick<Mutation, 'caughtBy' | 'file'>) {
  const program = (name: string) => path.join(folder.path, 'node_modules', name);
  const command =
    caughtBy === 'check:style'
      ? [program('@biomejs/biome/bin/biome'), 'lint', '--vcs-enabled=false', file]
      : [program('vitest/vitest.mjs'), 'run', caughtBy];
  return spawnSync(process.execPath, command, {
    cwd: folder.path,
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, ONEHOST_HISTORY_SECONDS: HISTORY_SECONDS },
  });
}
