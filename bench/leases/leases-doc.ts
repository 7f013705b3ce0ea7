import { MarkedPart } from '../../test/support/marked-part.ts';
import { originAsMarkdown } from '../report/text.ts';
import { columnsOf, type LeaseRunReport, type LeaseSceneReport, PEERS } from './report.ts';

/** Where the tables go. */
export const leasesDoc = new MarkedPart('leases.md', 'bench');

/** Puts the tables of a run between the markers of docs/leases.md; `file` is where all its rounds are. */
export function writeLeasesDoc(run: LeaseRunReport, file: string): void {
  const text = [
    originAsMarkdown(run),
    ...(run.quick ? ['**A quick run: rough numbers.**'] : []),
    ...run.scenes.map(sceneAsMarkdown),
    PEERS,
    `All rounds: [bench/results/${file}](../bench/results/${file})`,
  ].join('\n\n');
  leasesDoc.write(text);
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
