import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { SCENES } from '../scenes/index.ts';
import { type PublishedScene, publishedScenes } from './results.ts';
import { environmentAsText } from './text.ts';
import { formatRatio, formatSpread, formatTime } from './units.ts';

const FILE = new URL('../../docs/performance.md', import.meta.url);
const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** What stands around the tables in a file that is new; it is for people to edit from then on. */
const FRAME = `# Performance

What onehost costs, beside what it stands on (better-sqlite3), beside the limit in memory (lru-cache), and
beside other stores that an app might take.

## How it was measured

- Everything in a table was measured in one run of one process, by turns: a batch of each, then again a
  batch of each, beginning with another one each time. A slow phase of the machine meets all alike.
- A batch is many operations, each of which is checked to have done what it should; before it, garbage is
  collected. The batches of the warm-up do not count.
- All get the same tokens (new strings each time, as from a request) and the same sessions (250 bytes as JSON).
- SQLite files, the peers' too, have the settings of onehost: WAL, \`synchronous=NORMAL\` (\`FULL\` where a table
  says that a power cut is survived), checkpoints every 1,000 pages. Checkpoints are part of the time.

## What the columns mean

- *time*: the median over all batches of the mean time of one operation.
- *spread*: half of the distance between the quartiles; half of the batches lie within it.
- *× onehost*: how many times as long as \`DatabaseSessionCache\` it takes. 0.50 is twice as fast, 3.00 three times
  as slow. It is the median of the ratios of each round.

**Read the ratios.** Absolute times belong to one machine on one day and mean little elsewhere. The machine of
each table stands above it.

## Again, on your machine

\`\`\`sh
npm ci
npm run bench                       # all of it; the first time it installs the peers
npm run bench -- --quick            # a look, under a minute
npm run bench -- --scene hot-get    # one table
npm run bench -- --write            # writes bench/results/ and the tables below
\`\`\`

Redis takes part where \`redis-server\` is installed.

## Results

${BEGIN}
${END}
`;

/** Puts the newest results of each scene between the markers of docs/performance.md. */
export function writePerformanceDoc(): void {
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : FRAME;
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`docs/performance.md must have the lines ${BEGIN} and ${END}: put them back.`);
  }
  const order = SCENES.map((scene) => scene.name);
  const scenes = publishedScenes()
    .filter(({ scene }) => order.includes(scene.name))
    .sort((a, b) => order.indexOf(a.scene.name) - order.indexOf(b.scene.name));
  writeFileSync(FILE, `${before}${BEGIN}\n\n${tablesOf(scenes)}\n${END}${after}`);
}

function tablesOf(scenes: readonly PublishedScene[]): string {
  let machine = '';
  return scenes
    .map((published) => {
      const { startedAt, environment } = published.run;
      const said = `${startedAt.slice(0, 10)}: ${environmentAsText(environment)}`;
      const heading = said === machine ? '' : `*${said.replaceAll('\n', ' ')}*\n\n`;
      machine = said;
      return `${heading}${sceneAsMarkdown(published)}`;
    })
    .join('\n');
}

function sceneAsMarkdown({ scene, run, file }: PublishedScene): string {
  return [
    `### ${scene.title}`,
    '',
    `${scene.about}${run.quick ? ' **A quick run: rough numbers.**' : ''}`,
    '',
    `| | time of one ${scene.operation} | spread | × onehost | |`,
    '|---|--:|--:|--:|---|',
    ...scene.rows.map(
      ({ name, time, ratio, note }) =>
        `| ${name} | ${formatTime(time.median)} | ${formatSpread(time)} | ${formatRatio(ratio.median)} | ${note} |`,
    ),
    '',
    ...scene.bounds.map(
      ({ against, limit, ratio, met }) =>
        `- ${met ? 'Met' : '**Not met**'}: one ${scene.operation} takes ${formatRatio(ratio.median)} times as long as ` +
        `"${against}"; at most ${formatRatio(limit)} is allowed.`,
    ),
    ...(scene.bounds.length > 0 ? [''] : []),
    `All batches: [bench/results/${file}](../bench/results/${file})`,
    '',
  ].join('\n');
}
