import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { TemporaryFolder } from './support/temporary-folder.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const source = new URL('../src/index.ts', import.meta.url);

test('the first program of the README prints what the README says', () => {
  const program = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const promised = /It prints\n\n```\n(.*?)```/s.exec(readme)?.[1] ?? 'nothing';
  using folder = new TemporaryFolder();
  writeFileSync(folder.file('first.mjs'), program.replace("'onehost'", `'${source.href}'`));
  const printed = execFileSync(
    process.execPath,
    ['--import', fileURLToPath(import.meta.resolve('tsx')), folder.file('first.mjs')],
    { cwd: folder.path, encoding: 'utf8' },
  );
  const times = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
  expect(printed.replaceAll(times, 'T')).toBe(promised.replaceAll(times, 'T'));
});

test('the TypeScript of the README is accepted by its compiler', () => {
  const program = /```ts\n(.*?)```/s.exec(readme)?.[1];
  using folder = new TemporaryFolder();
  writeFileSync(folder.file('sessions.mts'), program ?? 'nothing.is.there');
  const config = {
    extends: fileURLToPath(new URL('../tsconfig.json', import.meta.url)),
    compilerOptions: {
      noEmit: true,
      paths: { onehost: [fileURLToPath(source)] },
      typeRoots: [fileURLToPath(new URL('../node_modules/@types', import.meta.url))],
    },
    files: ['sessions.mts'],
    include: [],
  };
  writeFileSync(folder.file('tsconfig.json'), JSON.stringify(config));
  const { status, stdout } = spawnSync('npx', ['tsc', '-p', folder.path], {
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    encoding: 'utf8',
  });
  expect(status, stdout).toBe(0);
});

test('of two processes that run the second program one prints, and the other when that is killed', async () => {
  const program = /```js\n(import \{ DatabaseJobLedger.*?)```/s.exec(readme)?.[1] ?? '';
  const folder = new TemporaryFolder();
  writeFileSync(folder.file('jobs.mjs'), program.replace("'onehost'", `'${source.href}'`));
  const printed: string[] = [];
  const tsx = fileURLToPath(import.meta.resolve('tsx'));
  const start = (): ChildProcess => {
    const child = spawn(process.execPath, ['--import', tsx, folder.file('jobs.mjs')], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout !== null) {
      createInterface(child.stdout).on('line', (line) => {
        printed.push(line);
        child.emit('printed');
      });
    }
    return child;
  };
  const children = [start(), start()];
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
    folder[Symbol.dispose]();
  });
  const first = await Promise.race(
    children.map(async (child) => {
      for (let tick = 0; tick < 3; tick++) await once(child, 'printed');
      return child;
    }),
  );
  const other = children.find((child) => child !== first) as ChildProcess;
  expect(new Set(printed.map((line) => line.split(' ')[0]))).toEqual(new Set([`${first.pid}`]));
  first.kill('SIGKILL');
  await once(other, 'printed');
  other.kill('SIGINT');
  expect(await once(other, 'exit')).toEqual([0, null]);
  const ticks = printed.map((line) => line.split(' ')[2]);
  expect(ticks).toEqual([...new Set(ticks)].toSorted());
});

const root = new URL('../', import.meta.url);
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'examples/self-hosted-app/README.md',
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test.each(documents)('every file that %s points to is there', (document) => {
  const url = new URL(document, root);
  const links = readFileSync(url, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g);
  for (const [, link] of links) {
    expect(existsSync(new URL(link as string, url)), link).toBe(true);
  }
});
