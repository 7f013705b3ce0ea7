import { InvalidSessionError, LoadRefusedError } from '../contract/errors/index.ts';
import { publish } from '../contract/events.ts';
import type { Session } from '../contract/session.ts';
import type { LoadedSession, SessionLoader } from '../contract/session-loader.ts';
import { describeType } from '../contract/validate-arguments.ts';
import type { HeldSession } from '../session-values/held-session.ts';
import type { FillTarget } from './fill-target.ts';

/**
 * How often a session is loaded before `getOrLoad` gives up. Each turn needs an invalidation of the
 * very token or user (or a `clear`) during the load, so 16 in a row is a loop somewhere, not chance.
 */
const MAX_LOADS = 16;

/**
 * The loads of one process, at most one per token at a time.
 *
 * Whoever joins a load under way may have begun after an invalidation that the load did not see. That
 * is safe: the invalidation is later than the load's fence, so its fill is refused and everyone waits
 * for the next load. This is the lease of "Scaling Memcache at Facebook" (Nishtala et al., NSDI 2013,
 * section 3.2.1), with a position in the change log in the place of the lease token.
 */
export class LoadFlights<S extends Session, Fence> {
  readonly #target: FillTarget<S, Fence>;
  readonly #flights = new Map<string, Promise<HeldSession<S> | null>>();

  constructor(target: FillTarget<S, Fence>) {
    this.#target = target;
  }

  async getOrLoad(token: string, load: SessionLoader<S>): Promise<S | null> {
    const cached = await this.#target.get(token);
    if (cached !== null) return cached;
    let flight = this.#flights.get(token);
    if (flight === undefined) {
      flight = this.#fly(token, load).finally(() => this.#flights.delete(token));
      this.#flights.set(token, flight);
    }
    return (await flight)?.read() ?? null;
  }

  async #fly(token: string, load: SessionLoader<S>): Promise<HeldSession<S> | null> {
    for (let attempt = 1; attempt <= MAX_LOADS; attempt++) {
      const fence = await this.#target.openFence(token);
      try {
        const loaded = await load(token);
        if (loaded === null) return null;
        assertLoaded(loaded);
        const held = await this.#target.fill(token, loaded, fence);
        if (held !== null) return held;
      } finally {
        this.#target.closeFence(fence);
      }
      publish('onehost:fill-refused', { attempt });
    }
    throw new LoadRefusedError(
      `A session was invalidated during each of ${MAX_LOADS} loads of it, so none was kept or returned. ` +
        'Look for a loop that invalidates a token, a user or everything on each request.',
    );
  }
}

function assertLoaded(loaded: unknown): asserts loaded is LoadedSession {
  if (typeof loaded !== 'object' || loaded === null || !('session' in loaded)) {
    throw new InvalidSessionError(
      'A loader must give { session, ttlSeconds }, or null when the token is not valid, ' +
        `but found ${typeof loaded === 'object' ? 'an object without a session' : describeType(loaded)}.`,
    );
  }
}
