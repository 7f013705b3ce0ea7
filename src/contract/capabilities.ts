/**
 * What a backend can do. Code asks these, and never what class a cache is of.
 */
export interface SessionCacheCapabilities {
  /**
   * How far an invalidation reaches. `process`: the other processes of the app do not learn of it;
   * `host`: every process that opened the same file; `network`: every process on every host.
   */
  readonly reach: 'process' | 'host' | 'network';
  /** Whether entries are still there after every process of the app has ended. */
  readonly persistent: boolean;
  /**
   * Whether anything is kept at all. `false`: every `get` answers `null`, every `getOrLoad` runs its
   * own loader, and nothing is listed, touched or counted.
   */
  readonly retains: boolean;
  /**
   * `strict`: once an invalidation has returned, no read that starts later gives the entry, within
   * `reach`. `bounded`: another process may give it for up to {@link staleSeconds}.
   */
  readonly coherence: 'strict' | 'bounded';
  /** How long another process may still give an entry after its invalidation has returned; 0 when `strict`. */
  readonly staleSeconds: number;
  /**
   * Whether what has expired leaves by itself, so that a purge finds none of it to remove and to count. `false` when left out: it stays until
   * a `set` or a purge removes it.
   */
  readonly selfPurging?: boolean;
}
