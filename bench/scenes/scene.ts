import type { Comparison } from '../compare.ts';
import type { Effort } from '../measure.ts';
import type { Stage } from '../stage.ts';

/** One question, answered by one table. */
export interface Scene {
  /** What `--scene` takes; `touch` stands for all that begin with `touch-`. */
  readonly name: string;
  readonly title: string;
  /** What is done, in a sentence or two. */
  readonly about: string;
  /** What one row's time is the time of. */
  readonly operation: string;
  run(context: SceneContext): Promise<Comparison>;
}

interface SceneContext {
  readonly stage: Stage;
  readonly effort: Effort;
  progress(text: string): void;
}
