import type { BoundResult, Row } from '../compare.ts';
import type { Environment } from '../environment.ts';
import type { Effort } from '../measure.ts';

/** All that one run has found out; what is written as JSON. */
export interface RunReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** A short run, good for a look and not for a claim. */
  readonly quick: boolean;
  readonly effort: Effort;
  readonly environment: Environment;
  readonly scenes: readonly SceneReport[];
}

export interface SceneReport {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly operation: string;
  readonly rows: readonly Row[];
  readonly bounds: readonly BoundResult[];
}
