import type { BoundResult } from '../bounds.ts';
import type { Environment } from '../environment.ts';
import type { SceneReport } from './run-report.ts';
import { boundAsText, tableOf } from './table.ts';

/** A scene as people read it in a terminal. */
export function sceneAsText(scene: SceneReport): string {
  const { head, groups } = tableOf(scene);
  const lines = groups.flatMap(({ label, lines }) => [
    ...(label === null ? [] : [[`at ${label}`, ...head.slice(1).map(() => '')]]),
    ...lines,
  ]);
  return [
    `${scene.title} (${scene.name}): ${scene.of}`,
    ...wrap(scene.about, 96),
    '',
    ...alignColumns([[...head], ...lines]),
    ...(scene.bounds ?? []).map((bound) => `  ${verdict(bound)}  ${boundAsText(bound)}`),
    ...(scene.leftOut ?? []).map((reason) => `  LEFT OUT: ${reason}`),
    '',
  ].join('\n');
}

export function verdict({ met }: BoundResult): string {
  return met ? 'MET    ' : 'NOT MET';
}

export function environmentAsText({ versions, machine }: Environment): string {
  const taking = Object.entries(versions).filter(([, version]) => version !== null);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}, ` +
      `kernel ${machine.kernel}, files on ${machine.filesystem}, load ${machine.loadAverage}${systemCallAsText(machine)};`,
    ...wrap(taking.map(([name, version]) => `${name} ${version}`).join(', '), 96),
  ].join('\n');
}

/** On which day it was measured, and on what; one line of Markdown. */
export function originAsMarkdown(run: {
  readonly startedAt: string;
  readonly environment: Environment;
}): string {
  return `*${run.startedAt.slice(0, 10)}: ${environmentAsText(run.environment).replaceAll('\n', ' ')}*`;
}

function systemCallAsText({ systemCallNanoseconds }: Environment['machine']): string {
  return systemCallNanoseconds ? `, a system call ${systemCallNanoseconds} ns` : '';
}

/** The first and the last column to the left, those of numbers to the right. */
function alignColumns(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  return lines.map((line) => {
    const cells = line.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 || column === line.length - 1 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `  ${cells.join('   ')}`.trimEnd();
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
