import { parseArgs } from 'node:util';

export const USAGE = `npm run faults -- [options]

  --minutes <n>  how long sessions are put to the test (10); leases and jobs take a tenth of that each, afterwards
  --seed <n>     fixes the choices, but not how the processes interleave
  --write        writes the figures into docs/reliability.md
  --help
`;

export interface FaultRunOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly write: boolean;
  readonly help: boolean;
}

/** @throws TypeError for an argument that is not known, or that is no number. */
export function readArguments(args: readonly string[]): FaultRunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { write, help } = values;
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (!(minutes > 0)) throw new TypeError(`--minutes must be more than 0: ${values.minutes}`);
  if (!Number.isSafeInteger(seed))
    throw new TypeError(`--seed must be a whole number: ${values.seed}`);
  return { minutes, seed, write, help };
}
