import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import type { Mutation } from './mutations.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Enough for a bug to show, many times over, and few enough to wait for. */
const HISTORY_SECONDS = '6';
const LONGEST_RUN_MILLISECONDS = 300_000;

export type Verdict = 'caught' | 'caught by a time limit' | 'lives';

export interface TestRun {
  readonly passed: boolean;
  readonly output: string;
}

/** A copy of the source, to be broken in one place after the other. */
export class ProjectCopy implements Disposable {
  readonly #folder = new TemporaryFolder();

  constructor() {
    const kept = ['src', 'test', 'migrations', 'docs', '*.json', '*.ts'];
    const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', ...kept];
    const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' });
    for (const file of files.split('\0').filter((name) => name !== '')) {
      cpSync(path.join(root, file), path.join(this.#folder.path, file));
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(this.#folder.path, 'node_modules'));
  }

  /** @throws Error unless each of its edits has one place in the source. */
  assertApplies(mutation: Mutation): void {
    breakIt(mutation, readFileSync(this.#pathOf(mutation), 'utf8'));
  }

  async judge(mutation: Mutation): Promise<Verdict> {
    const file = this.#pathOf(mutation);
    const sound = readFileSync(file, 'utf8');
    writeFileSync(file, breakIt(mutation, sound));
    try {
      const { passed, output } = await this.run(mutation);
      if (passed) return 'lives';
      // A test that could not even be read is no catch; told at once, and the others go on.
      if (/Failed Suites|SyntaxError|Transform failed/.test(output)) {
        console.log(`"${mutation.name}" does not run:\n${output}`);
        return 'lives';
      }
      // On a busy machine a sound test can be too slow, too: such a catch is to be looked at again on a quiet one.
      return /(Test|Hook) timed out in/.test(output) ? 'caught by a time limit' : 'caught';
    } finally {
      writeFileSync(file, sound);
    }
  }

  async run({ caughtBy, file }: Pick<Mutation, 'caughtBy' | 'file'>): Promise<TestRun> {
    const program = (name: string) => path.join(this.#folder.path, 'node_modules', name);
    const command =
      caughtBy === 'check:style'
        ? [program('@biomejs/biome/bin/biome'), 'lint', '--vcs-enabled=false', file]
        : [program('vitest/vitest.mjs'), 'run', '--bail=1', caughtBy];
    const child = spawn(process.execPath, command, {
      cwd: this.#folder.path,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST_RUN_MILLISECONDS,
      env: { ...process.env, ONEHOST_HISTORY_SECONDS: HISTORY_SECONDS },
    });
    const [output, errors, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    return { passed: status === 0, output: output + errors };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }

  #pathOf({ file }: Mutation): string {
    return path.join(this.#folder.path, file);
  }
}

function breakIt({ name, file, edits }: Mutation, sound: string): string {
  return edits.reduce((text, [find, replace]) => {
    if (text.split(find).length !== 2) {
      throw new Error(`"${name}": this does not stand once in ${file}: ${find}`);
    }
    return text.replace(find, () => replace);
  }, sound);
}
