import type { Figure } from './figures.ts';

/** One thing that is done to processes, and how they bear it. */
export interface LeaseScene {
  /** What `--scene` takes. */
  readonly name: string;
  readonly title: string;
  /** What is done, in a sentence or two. */
  readonly about: string;
  run(context: LeaseSceneContext): Promise<LeaseFindings>;
}

interface LeaseSceneContext {
  /** A database file of its own, which is not there yet. */
  readonly file: string;
  readonly quick: boolean;
  progress(text: string): void;
}

export interface LeaseFindings {
  readonly figures: readonly Figure[];
  /** What went against the promises, in words. */
  readonly violations: readonly string[];
  /** What the figures are made of, a number a round. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}
