import { parseArgs } from 'node:util';
import type { LeaseScene } from './scene.ts';
import { LEASE_SCENES } from './scenes/index.ts';

const NAMES = LEASE_SCENES.map(({ name }) => name).join(', ');

export const USAGE = `npm run bench:leases -- [options]

  --scene <name>  one scene (${NAMES})
  --quick         fewer rounds: good for a look, not for a claim
  --write         writes bench/results/<date>-leases.json and the tables of docs/leases.md
  --check         exit code 1 when a bound is not met
  --help
`;

export interface LeaseBenchOptions {
  readonly scenes: readonly LeaseScene[];
  readonly quick: boolean;
  readonly write: boolean;
  readonly check: boolean;
  readonly help: boolean;
}

/** @throws TypeError for an argument that is not known. */
export function readArguments(args: readonly string[]): LeaseBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scene: { type: 'string' },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { scene, ...flags } = values;
  const scenes = LEASE_SCENES.filter(({ name }) => scene === undefined || name === scene);
  if (scenes.length === 0) {
    throw new TypeError(`There is no scene "${scene}". Known are: ${NAMES}.`);
  }
  if (flags.write && scene !== undefined) {
    throw new TypeError(
      'What is written is of one run of all scenes: leave out --scene or --write.',
    );
  }
  return { scenes, ...flags };
}
