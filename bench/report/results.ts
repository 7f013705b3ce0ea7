import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunReport, SceneReport } from './run-report.ts';

const FOLDER = new URL('../results/', import.meta.url);

/** A scene as it was last measured, and by which run. */
export interface PublishedScene {
  readonly scene: SceneReport;
  readonly run: RunReport;
  /** The name of the run's file in bench/results. */
  readonly file: string;
}

/** The path of the written file: bench/results/<yyyy-mm-dd>-<scene or all>.json. */
export function writeResult(report: RunReport, sceneName: string | undefined): string {
  mkdirSync(FOLDER, { recursive: true });
  const file = new URL(`${report.startedAt.slice(0, 10)}-${sceneName ?? 'all'}.json`, FOLDER);
  writeFileSync(file, `${JSON.stringify(report, roundNumbers, 2)}\n`);
  return fileURLToPath(file);
}

/**
 * For what has a program of its own: writes bench/results/<kind>/<yyyy-mm-dd>.json.
 *
 * @returns its path below bench/results.
 */
export function writeOwnResult(kind: string, report: { readonly startedAt: string }): string {
  const file = `${kind}/${report.startedAt.slice(0, 10)}.json`;
  mkdirSync(new URL(`${kind}/`, FOLDER), { recursive: true });
  writeFileSync(new URL(file, FOLDER), `${JSON.stringify(report, roundNumbers, 2)}\n`);
  return file;
}

/** Each scene from the newest run that had it, so that a run of one scene leaves the others as they were. */
export function publishedScenes(): PublishedScene[] {
  if (!existsSync(FOLDER)) return [];
  const newestFirst = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((file) => ({
      file,
      run: JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as RunReport,
    }))
    .sort((a, b) => b.run.startedAt.localeCompare(a.run.startedAt));
  const byName = new Map<string, PublishedScene>();
  for (const { file, run } of newestFirst) {
    for (const scene of run.scenes) {
      if (!byName.has(scene.name)) byName.set(scene.name, { scene, run, file });
    }
  }
  return [...byName.values()];
}

/** Five digits are more than was measured. */
function roundNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(5))
    : value;
}
