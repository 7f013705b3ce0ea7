import type { FenceRow } from './session-statements.ts';

/**
 * The newest position that this process has heard of. A `set` tells it, and is asked to come again with a newer one when something of the same
 * bucket was invalidated since: so one that a hung server carries out an hour later finds that it is late, without any clock. For the
 * price of an integer that is remembered; only after an invalidation elsewhere, one in 2,000 of the sets takes a second round trip.
 */
export class KnownFence {
  #fence: FenceRow | null = null;

  get current(): FenceRow | null {
    return this.#fence;
  }

  learn(fence: FenceRow): void {
    this.#fence = fence;
  }

  /** Another position of the same database. If that has begun anew since, the next `set` is told so. */
  advance(position: number): void {
    if (this.#fence === null || position <= this.#fence.fence_position) return;
    this.#fence = { ...this.#fence, fence_position: position };
  }
}

/** A fence as text, and back. */
export function fenceText({ incarnation, fence_position, generation }: FenceRow): string {
  return `${incarnation}.${fence_position}.${generation}`;
}

export function readFence(text: string): FenceRow {
  const [incarnation = 0, fence_position = 0, generation = 0] = text.split('.').map(Number);
  return { incarnation, fence_position, generation };
}
