import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
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

test('every file that the README points to is there', () => {
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
    ([, link]) => link as string,
  );
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) {
    expect(() => readFileSync(new URL(`../${link}`, import.meta.url)), link).not.toThrow(/ENOENT/);
  }
});
