/**
 * Tells whether another connection may have changed the file. It may err towards "yes", never towards "no".
 * Commits of the own connection do not count.
 */
export interface ChangeWatch {
  readonly kind: 'wal-index' | 'data-version';

  /** Whether {@link hasChanged} has to be asked: a look that never throws, for the way that each read from memory takes. */
  mayHaveChanged(): boolean;

  /** Whether a commit of another connection has become visible since what was last acknowledged. */
  hasChanged(): boolean;

  /** Remembers the state that the last {@link hasChanged} saw: what led to it has been read from the log, and nobody else has asked since. */
  acknowledge(): void;

  /** To be called before the connection is closed. From then on everything may have changed. */
  close(): void;
}

/** A kind of watch, or the best that can be had. */
export type ChangeWatchChoice = 'auto' | ChangeWatch['kind'];
