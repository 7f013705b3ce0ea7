import type { Awaitable } from '../contract/awaitable.ts';
import type { Session } from '../contract/session.ts';
import type { LoadedSession } from '../contract/session-loader.ts';
import type { HeldSession } from '../session-values/held-session.ts';

/**
 * What a backend does for `getOrLoad`. A fence stands for the moment before a load; the backend refuses
 * a fill when an invalidation that concerns it came after its fence, from whichever process.
 */
export interface FillTarget<S extends Session, Fence> {
  get(token: string): Awaitable<S | null>;

  /** Taken before the load begins, so that the load sees the app's store as of the fence or later. */
  openFence(token: string): Awaitable<Fence>;

  /**
   * Keeps what was loaded, unless it was invalidated after the fence: then `null`. A live entry that
   * somebody else has put there meanwhile is newer, stays, and is what comes back.
   */
  fill(token: string, loaded: LoadedSession<S>, fence: Fence): Awaitable<HeldSession<S> | null>;

  /** Called once for every fence, however its load ended. */
  closeFence(fence: Fence): void;
}
