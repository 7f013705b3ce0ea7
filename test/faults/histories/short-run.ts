import { afterAll, beforeAll, expect } from 'vitest';
import { compiled } from '../../support/compiled.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import type { Findings } from './history-check.ts';
import {
  SESSION_PROGRAM,
  type SessionRun,
  type SessionRunOptions,
  sessionsUnderFaults,
} from './sessions-under-faults.ts';

/** Of each run, if the environment does not say otherwise. */
export const SECONDS: number = Number(process.env['ONEHOST_HISTORY_SECONDS'] ?? 12);
export const SEED: number = Number(process.env['ONEHOST_HISTORY_SEED'] ?? Date.now() % 1_000_000);

/** Runs of a file of tests, with one program that is compiled before the first of them. */
export class ShortRuns {
  readonly #folder = new TemporaryFolder();
  #program: URL | undefined;

  static forThisFile(): ShortRuns {
    const runs = new ShortRuns();
    beforeAll(() => {
      runs.#program = compiled(SESSION_PROGRAM, runs.#folder.path);
    });
    afterAll(() => {
      runs.#folder[Symbol.dispose]();
    });
    return runs;
  }

  /** Expects no violation. It goes on until the rules were put to the test, however slow the machine. */
  async run(
    options: Partial<SessionRunOptions>,
    folderForRun: () => TemporaryFolder = () => new TemporaryFolder(),
  ): Promise<SessionRun> {
    using folder = folderForRun();
    const done = await sessionsUnderFaults(folder, {
      seed: SEED,
      seconds: SECONDS,
      program: this.#program ?? SESSION_PROGRAM,
      ...options,
      isEnough: (run) => isTelling(run.findings) && (options.isEnough?.(run) ?? true),
    });
    const { violations } = done.findings;
    console.log(
      'histories:',
      JSON.stringify({ ...done, findings: { ...done.findings, violations: violations.length } }),
    );
    expect(violations.slice(0, 5)).toEqual([]);
    return done;
  }
}

/** Enough reads and loads came near a violation. */
function isTelling({ operations, readsChecked, loadedGiven, loadsOverlapped }: Findings): boolean {
  return operations > 4000 && readsChecked > 200 && loadedGiven > 40 && loadsOverlapped > 10;
}
