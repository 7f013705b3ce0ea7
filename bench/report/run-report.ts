import type { Effort } from '../effort.ts';
import type { Environment } from '../environment.ts';
import type { Comparison, Scene } from '../scenes/scene.ts';

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

/** What a scene asked, and the answer. */
export interface SceneReport
  extends Pick<Scene, 'name' | 'title' | 'about' | 'of' | 'unit' | 'chart'>,
    Comparison {}
