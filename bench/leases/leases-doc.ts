import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { environmentAsText } from '../report/text.ts';
import { columnsOf, type LeaseRunReport, type LeaseSceneReport, PEERS } from './report.ts';

const FILE = new URL('../../docs/leases.md', import.meta.url);
const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/**
 * Where the tables go; read before anything is measured, so that a run of many minutes is not for nothing.
 *
 * @throws Error when there is no docs/leases.md, or no place in it.
 */
export function readLeasesDoc(): { before: string; after: string } {
  if (!existsSync(FILE)) {
    throw new Error('There is no docs/leases.md to write the tables into. Leave out --write.');
  }
  const [before, rest] = readFileSync(FILE, 'utf8').split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`docs/leases.md must have the lines ${BEGIN} and ${END}: put them back.`);
  }
  return { before, after };
}

/** Puts the tables of a run between the markers of docs/leases.md; `file` is where all its rounds are. */
export function writeLeasesDoc(run: LeaseRunReport, file: string): void {
  const { before, after } = readLeasesDoc();
  const environment = environmentAsText(run.environment).replaceAll('\n', ' ');
  const text = [
    `*${run.startedAt.slice(0, 10)}: ${environment}*`,
    ...(run.quick ? ['**A quick run: rough numbers.**'] : []),
    ...run.scenes.map(sceneAsMarkdown),
    PEERS,
    `All rounds: [bench/results/${file}](../bench/results/${file})`,
  ].join('\n\n');
  writeFileSync(FILE, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`);
}

function sceneAsMarkdown({ title, about, figures }: LeaseSceneReport): string {
  return [
    `### ${title}`,
    '',
    about,
    '',
    '| | bound | measured | |',
    '|---|--:|--:|---|',
    ...figures.map((figure) => `| ${columnsOf(figure).join(' | ')} |`),
  ].join('\n');
}
