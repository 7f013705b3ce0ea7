import { parseArgs } from 'node:util';
import { type Effort, FULL, QUICK } from './effort.ts';
import { SCENES, scenesNamed } from './scenes/index.ts';
import type { Scene } from './scenes/scene.ts';

export const USAGE = `npm run bench -- [options]

  --scene <name>    one scene, or all whose names begin so (${SCENES.map(({ name }) => name).join(', ')})
  --quick           a short run: good for a look, not for a claim
  --without-peers   only onehost and what its own dependencies offer; installs nothing
  --write           writes bench/results/<date>-<scene or all>.json and the tables of docs/performance.md
  --check           exit code 1 when a bound is not met
  --help
`;

export interface BenchOptions {
  readonly scenes: readonly Scene[];
  readonly sceneName: string | undefined;
  readonly effort: Effort;
  readonly quick: boolean;
  readonly peers: boolean;
  readonly write: boolean;
  readonly check: boolean;
  readonly help: boolean;
}

/** @throws TypeError for an argument that is not known. */
export function readArguments(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scene: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'without-peers': { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const scenes = scenesNamed(values.scene);
  if (scenes.length === 0) {
    const known = SCENES.map(({ name }) => name).join(', ');
    throw new TypeError(`There is no scene "${values.scene}". Known are: ${known}.`);
  }
  const { scene: sceneName, quick, write, check, help } = values;
  const effort = quick ? QUICK : FULL;
  return { scenes, sceneName, effort, quick, peers: !values['without-peers'], write, check, help };
}
