import { LoadRefusedError } from '../contract/errors/index.ts';
import { publish } from '../contract/events.ts';
import type { Session } from '../contract/session.ts';
import type { SessionLoader } from '../contract/session-loader.ts';
import type { HeldSession } from '../session-values/held-session.ts';
import { assertLoaded } from './assert-loaded.ts';
import { assertLoader } from './assert-loader.ts';
import type { FillTarget } from './fill-target.ts';

/**
 * How often a session is loaded before `getOrLoad` gives up. Each turn needs an invalidation of the
 * very token or user (or a `clear`) during the load, so 16 in a row is a loop somewhere, not chance.
 */
const MAX_LOADS = 16;

/**
 * The loads of one process, at most one per token at a time, unless one was overtaken: while that is made again, whoever comes begins another.
 *
 * Whoever joins a load under way may have begun after an invalidation that the load did not see. That
 * is safe: the invalidation is later than the load's fence, so its fill is refused and everyone waits
 * for the next load. It is safe for as long as the fill is still to come, so nobody joins any more once
 * the load has ended. This is the lease of "Scaling Memcache at Facebook" (Nishtala et al., NSDI 2013,
 * section 3.2.1), with a position in the change log in the place of the lease token.
 */
export class LoadFlights<S extends Session, Fence> {
  readonly #target: FillTarget<S, Fence>;
  /** Those that may still be joined. */
  readonly #boarding = new Map<string, Promise<HeldSession<S> | null>>();

  constructor(target: FillTarget<S, Fence>) {
    this.#target = target;
  }

  async getOrLoad(token: string, load: SessionLoader<S>): Promise<S | null> {
    assertLoader(load);
    const cached = await this.#target.get(token);
    if (cached !== null) return cached;
    const joined = await this.#boarding.get(token);
    if (joined !== undefined && joined !== null) return joined.read();
    // A load that was joined may have found nothing because it began before the session was there. The next one begins after this call did.
    const held = await (this.#boarding.get(token) ?? this.#depart(token, load));
    return held?.read() ?? null;
  }

  #depart(token: string, load: SessionLoader<S>): Promise<HeldSession<S> | null> {
    const closeBoarding = () => {
      if (this.#boarding.get(token) === flight) this.#boarding.delete(token);
    };
    const flight = this.#fly(token, load, closeBoarding).finally(closeBoarding);
    this.#boarding.set(token, flight);
    return flight;
  }

  async #fly(
    token: string,
    load: SessionLoader<S>,
    closeBoarding: () => void,
  ): Promise<HeldSession<S> | null> {
    for (let attempt = 1; attempt <= MAX_LOADS; attempt++) {
      const fence = await this.#target.openFence(token);
      try {
        const loaded = await load(token);
        closeBoarding();
        if (loaded === null || loaded === undefined) return null;
        assertLoaded(loaded);
        const { session, ttlSeconds } = loaded;
        const held = await this.#target.fill(token, { session, ttlSeconds }, fence);
        if (held !== null) return held;
      } finally {
        this.#target.closeFence(fence);
      }
      publish('onehost:fill-refused', { attempt });
    }
    throw new LoadRefusedError(
      `Each of ${MAX_LOADS} loads of a session was overtaken, so none was kept or returned: something ` +
        'invalidated its token, its user or everything meanwhile, or more was changed than the change log keeps. ' +
        'Look for a loop that invalidates on each request, and for a loader that is very slow.',
    );
  }
}
