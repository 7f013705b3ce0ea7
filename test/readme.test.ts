import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
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
