/** Tells whether another connection may have changed the file. It may err towards "yes", never towards "no". */
export interface ChangeWatch {
  readonly kind: 'data-version';

  /** Whether a commit of another connection has become visible since what was last acknowledged. */
  hasChanged(): boolean;

  /** Remembers the state that the last {@link hasChanged} saw: what led to it has been read from the log. */
  acknowledge(): void;
}
