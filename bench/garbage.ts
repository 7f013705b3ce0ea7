import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Without it V8 throws away the compiled code of a contestant that waits for several collections.
setFlagsFromString('--no-flush-bytecode');
setFlagsFromString('--expose-gc');
const gc: (options: { type: 'minor' | 'major' }) => void = runInNewContext('gc');

/**
 * The young objects alone. A full collection would also take the hidden classes of which no object happens
 * to be alive between two batches, and the code compiled for them; a server always has some alive.
 */
export function collectYoungGarbage(): void {
  gc({ type: 'minor' });
}

/** All that nobody can reach. Twice: what a finalizer lets go of, the second one takes. */
export function collectAllGarbage(): void {
  gc({ type: 'major' });
  gc({ type: 'major' });
}
