import { columnsOf, type LeaseSceneReport } from './report.ts';

/** A scene as people read it in a terminal. */
export function sceneAsText(scene: LeaseSceneReport): string {
  const { title, name, about, figures, violations } = scene;
  const lines = [['', 'bound', 'measured', ''], ...figures.map(columnsOf)];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  const table = lines.map(([what = '', bound = '', measured = '', verdict = '']) =>
    [
      `  ${what.padEnd(widths[0] ?? 0)}`,
      bound.padStart(widths[1] ?? 0),
      measured.padStart(widths[2] ?? 0),
      verdict,
    ]
      .join('   ')
      .trimEnd(),
  );
  const told = violations.map((violation) => `  VIOLATED: ${violation}`);
  return [`${title} (${name})`, about, '', ...table, ...told, ''].join('\n');
}
