// Breaks a copy of the source in one place after the other, and shows that the tests notice each time:
// `npm run mutations [-- words of a name, or of a test]`. Ends with 1 if a bug lives on. `--at-once 2` breaks two copies side by side; what
// lives there is looked at again alone. With `--write`, the table of all of them goes into docs/reliability.md.
import { parseArgs } from 'node:util';
import { MarkedPart } from '../support/marked-part.ts';
import { fencingMutations } from './fencing-mutations.ts';
import { jobMutations } from './job-mutations.ts';
import { leaseMutations } from './lease-mutations.ts';
import { tableOf } from './mutation-table.ts';
import { type Mutation, mutations } from './mutations.ts';
import { outageMutations } from './outage-mutations.ts';
import { postgresMutations } from './postgres-mutations.ts';
import { ProjectCopy, type Verdict } from './project-copy.ts';
import { redisMutations } from './redis-mutations.ts';
import { sharedMemoryMutations } from './shared-memory-mutations.ts';
import { watchMutations } from './watch-mutations.ts';

const { values: flags, positionals } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    'at-once': { type: 'string', default: '1' },
  },
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
using first = new ProjectCopy();

// Before anything that takes long.
for (const mutation of chosen) first.assertApplies(mutation);

const verdicts = new Map<Mutation, Verdict>();
const waiting = kindsOf(chosen);
await Promise.all(Array.from({ length: Number(flags['at-once']) }, judgeWaiting));
if (flags['at-once'] !== '1') for (const bugs of kindsOf(survivors())) await judgeAll(first, bugs);

const caught = new Set(chosen.filter((mutation) => verdicts.get(mutation) !== 'lives'));
console.log(`\n${caught.size} of ${chosen.length} bugs caught`);
process.exitCode = caught.size === chosen.length ? 0 : 1;
if (flags.write) document.write(tableOf(chosen, caught));

async function judgeWaiting(): Promise<void> {
  using copy = new ProjectCopy();
  for (let bugs = waiting.shift(); bugs !== undefined; bugs = waiting.shift()) {
    await judgeAll(copy, bugs);
  }
}

/** By one kind of test, which has to pass while nothing is broken: if it does not, its failing proves nothing, and it has caught none of them. */
async function judgeAll(copy: ProjectCopy, bugs: readonly Mutation[]): Promise<void> {
  const [{ caughtBy, file }] = bugs as [Mutation];
  const { passed, output } = await copy.run({ caughtBy, file });
  if (passed) console.log(`        passes unbroken  ${caughtBy}`);
  else console.log(`FAILS without a bug: ${caughtBy}\n${output}`);
  for (const bug of bugs) {
    if (passed) await judge(copy, bug);
    else verdicts.set(bug, 'lives');
  }
}

async function judge(copy: ProjectCopy, mutation: Mutation): Promise<void> {
  const began = performance.now();
  const verdict = await copy.judge(mutation);
  verdicts.set(mutation, verdict);
  const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(3);
  const place = `${chosen.indexOf(mutation) + 1}`.padStart(3);
  const word = verdict === 'lives' ? 'LIVES' : verdict;
  console.log(
    `${place}/${chosen.length} ${word.padEnd(6)} ${seconds} s  ${mutation.name}  (${mutation.caughtBy})`,
  );
}

function survivors(): Mutation[] {
  return chosen.filter((mutation) => verdicts.get(mutation) === 'lives');
}

/** By the tests that are to notice them. */
function kindsOf(bugs: readonly Mutation[]): Mutation[][] {
  const kinds = [...new Set(bugs.map(({ caughtBy }) => caughtBy))];
  return kinds.map((kind) => bugs.filter(({ caughtBy }) => caughtBy === kind));
}
