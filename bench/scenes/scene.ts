import type { BoundResult } from '../bounds.ts';
import type { Rows } from '../compare.ts';
import type { Effort } from '../effort.ts';
import type { Stage } from '../stage.ts';

/** What the numbers of a table are. */
export type Unit = 'nanoseconds' | 'operations per second' | 'bytes';

/** One question, answered by one table. */
export interface Scene {
  /** What `--scene` takes; `touch` stands for all that begin with `touch-`. */
  readonly name: string;
  readonly title: string;
  /** What is done, in a sentence or two. */
  readonly about: string;
  /** What one number is about: the time of one get, the bytes of one session. */
  readonly of: string;
  readonly unit: Unit;
  /** A picture of it: the groups along, a line for each name. */
  readonly chart?: Chart;
  /** About how long it takes, for the progress report. */
  readonly seconds: { readonly full: number; readonly quick: number };
  run(context: SceneContext): Promise<Comparison>;
}

export interface Chart {
  readonly along: string;
  readonly upwards: string;
}

export interface Comparison {
  readonly rows: Rows;
  readonly bounds?: readonly BoundResult[];
  /** What was left out, and why. */
  readonly leftOut?: readonly string[];
}

export interface SceneContext {
  readonly stage: Stage;
  readonly effort: Effort;
  readonly quick: boolean;
  /** What is going on. */
  progress(text: string): void;
}
