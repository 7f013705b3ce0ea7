import { writeFileSync } from 'node:fs';
import { MarkedPart } from '../../test/support/marked-part.ts';
import { SCENES } from '../scenes/index.ts';
import { chartAsSvg } from './chart.ts';
import { type PublishedScene, publishedScenes } from './results.ts';
import type { SceneReport } from './run-report.ts';
import { boundAsText, tableOf } from './table.ts';
import { originAsMarkdown } from './text.ts';

const PICTURES = new URL('../../docs/pictures/', import.meta.url);

/** Puts the newest results of each scene between the markers of docs/performance.md. */
export function writePerformanceDoc(): void {
  const order = SCENES.map((scene) => scene.name);
  const scenes = publishedScenes()
    .filter(({ scene }) => order.includes(scene.name))
    .sort((a, b) => order.indexOf(a.scene.name) - order.indexOf(b.scene.name));
  new MarkedPart('performance.md', 'bench').write(tablesOf(scenes).trimEnd());
}

function tablesOf(scenes: readonly PublishedScene[]): string {
  let machine = '';
  return scenes
    .map((published) => {
      const said = originAsMarkdown(published.run);
      const heading = said === machine ? '' : `${said}\n\n`;
      machine = said;
      return `${heading}${sceneAsMarkdown(published)}`;
    })
    .join('\n');
}

function sceneAsMarkdown(published: PublishedScene): string {
  const { scene, run, file } = published;
  const { head, groups } = tableOf(scene);
  return [
    `### ${scene.title}`,
    '',
    `${scene.about}${run.quick ? ' **A quick run: rough numbers.**' : ''}`,
    '',
    ...chartOf(scene),
    `What is counted: ${scene.of}.`,
    '',
    asLine(head),
    asLine(head.map((_, column) => (isText(column, head) ? '---' : '--:'))),
    ...groups.flatMap(({ label, lines }) => [
      ...(label === null ? [] : [asLine([`**${label}**`, ...head.slice(1).map(() => '')])]),
      ...lines.map(asLine),
    ]),
    '',
    ...(scene.bounds ?? []).map(
      (bound) => `- ${bound.met ? 'Met' : '**Not met**'}: ${boundAsText(bound)}.`,
    ),
    ...(scene.leftOut ?? []).map((reason) => `- **Left out**: ${reason}`),
    '',
    `All samples: [bench/results/${file}](../bench/results/${file})`,
    '',
  ]
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n');
}

/** Draws the picture, and shows it. */
function chartOf(scene: SceneReport): string[] {
  if (scene.chart === undefined || scene.rows.length === 0) return [];
  const name = `bench-${scene.name}.svg`;
  writeFileSync(new URL(name, PICTURES), chartAsSvg(scene, scene.chart));
  const alt = `${scene.title}: ${scene.chart.upwards} by ${scene.chart.along}, as in the table below.`;
  return [`![${alt}](pictures/${name})`, ''];
}

function asLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function isText(column: number, head: readonly string[]): boolean {
  return column === 0 || column === head.length - 1;
}
