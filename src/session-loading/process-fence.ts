/** A load under way, and what was invalidated since it began. */
export interface ProcessFence {
  readonly token: string;
  /** Users who were invalidated meanwhile; whose session it is will be known after the load only. */
  readonly users: Set<string>;
  refused: boolean;
}

/** How many users a fence remembers; beyond that, loading again is cheaper. */
const MAX_USERS = 1000;

/** The fences of a cache whose invalidations reach this process alone. */
export class ProcessFences {
  readonly #open = new Set<ProcessFence>();

  open(token: string): ProcessFence {
    const fence: ProcessFence = { token, users: new Set(), refused: false };
    this.#open.add(fence);
    return fence;
  }

  close(fence: ProcessFence): void {
    this.#open.delete(fence);
  }

  refuses(fence: ProcessFence, userId: string): boolean {
    return fence.refused || fence.users.has(userId);
  }

  tokenInvalidated(token: string): void {
    for (const fence of this.#open) {
      if (fence.token === token) fence.refused = true;
    }
  }

  userInvalidated(userId: string): void {
    for (const fence of this.#open) {
      if (fence.users.size < MAX_USERS) fence.users.add(userId);
      else fence.refused = true;
    }
  }

  everythingInvalidated(): void {
    for (const fence of this.#open) fence.refused = true;
  }
}
