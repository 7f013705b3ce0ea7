import type { Chart, Unit } from '../scenes/scene.ts';
import type { SceneReport } from './run-report.ts';
import { formatValue } from './units.ts';

const WIDTH = 860;
const HEIGHT = 400;
const PLOT = { left: 84, right: 560, top: 84, bottom: 336 };
const LEGEND = { left: 584, top: 92, step: 30 };
/** Told apart by people who see few colours, on light and on dark ground (after Okabe and Ito). */
const COLOURS = [
  '#0072b2',
  '#56a3d9',
  '#d55e00',
  '#e69f00',
  '#009e73',
  '#cc79a7',
  '#8a6fd1',
  '#999933',
  '#7f7f7f',
  '#b2182b',
];

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact' });

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line for each name over the groups of a scene. Both axes are logarithmic: what is twice as much is as far apart everywhere. */
export function chartAsSvg({ title, rows, unit }: SceneReport, { along, upwards }: Chart): string {
  const positions = [...new Set(rows.map(({ group }) => group?.position ?? 0))];
  const x = logScale(positions, PLOT.left + 40, PLOT.right - 40);
  const decades = decadesAround(rows.map(({ value }) => value.median));
  const y = logScale(decades, PLOT.bottom, PLOT.top);
  const names = [...new Set(rows.map(({ name }) => name))];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="t" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" font-size="13">`,
    `  <title id="t">${escapeXml(title)}</title>`,
    STYLE,
    `  <rect class="panel" x="1" y="1" width="${WIDTH - 2}" height="${HEIGHT - 2}" rx="10"/>`,
    `  <text class="title" x="20" y="32">${escapeXml(title)}</text>`,
    `  <text class="small" x="20" y="52">${escapeXml(upwards)}</text>`,
    ...decades.map((value) => gridLine(value, y(value), unit)),
    ...positions.map(
      (position) =>
        `  <text class="small" x="${round(x(position))}" y="${PLOT.bottom + 20}" text-anchor="middle">${COMPACT.format(position)}</text>`,
    ),
    `  <text class="small" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 44}" text-anchor="middle">${escapeXml(along)}</text>`,
    ...names.map((name, place) => {
      const points = rows
        .filter((row) => row.name === name)
        .map((row) => ({ x: x(row.group?.position ?? 0), y: y(row.value.median) }));
      return series(name, place, points);
    }),
    '</svg>',
  ].join('\n')}\n`;
}

const STYLE = `  <style>
    .panel { fill: #fafafa; stroke: #d4d4d8; }
    .title { font-weight: 600; font-size: 16px; fill: #18181b; }
    .text { fill: #3f3f46; }
    .small { fill: #71717a; font-size: 12px; }
    .grid { stroke: #e4e4e7; }
    @media (prefers-color-scheme: dark) {
      .panel { fill: #18181b; stroke: #3f3f46; }
      .title { fill: #fafafa; }
      .text { fill: #d4d4d8; }
      .small { fill: #a1a1aa; }
      .grid { stroke: #3f3f46; }
    }
  </style>`;

function gridLine(value: number, y: number, unit: Unit): string {
  return [
    `  <line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${round(y)}" y2="${round(y)}"/>`,
    `  <text class="small" x="${PLOT.left - 8}" y="${round(y + 4)}" text-anchor="end">${formatValue(unit, value)}</text>`,
  ].join('\n');
}

/** The line, and its place in the legend. onehost's own lines are thicker. */
function series(name: string, place: number, points: readonly Point[]): string {
  const colour = COLOURS[place % COLOURS.length];
  const width = name.startsWith('onehost') ? 3 : 1.5;
  const at = LEGEND.top + place * LEGEND.step;
  return [
    `  <g stroke="${colour}" fill="${colour}">`,
    `    <polyline fill="none" stroke-width="${width}" points="${points.map(({ x, y }) => `${round(x)},${round(y)}`).join(' ')}"/>`,
    ...points.map(({ x, y }) => `    <circle cx="${round(x)}" cy="${round(y)}" r="${width + 1}"/>`),
    `    <line stroke-width="${width}" x1="${LEGEND.left}" x2="${LEGEND.left + 22}" y1="${at}" y2="${at}"/>`,
    '  </g>',
    `  <text class="text" x="${LEGEND.left + 30}" y="${at + 4}">${escapeXml(name)}</text>`,
  ].join('\n');
}

function logScale(values: readonly number[], from: number, to: number): (value: number) => number {
  const low = Math.log(Math.min(...values));
  const high = Math.log(Math.max(...values));
  return (value) => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from);
}

/** The powers of ten from below the least to above the greatest. */
function decadesAround(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: Math.max(high - low, 1) + 1 }, (_, step) => 10 ** (low + step));
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
