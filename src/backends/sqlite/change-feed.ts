import { type OnehostEvents, publish } from '../../contract/events.ts';
import type { Change, ChangeLog, Position } from './change-log.ts';
import type { ChangeWatch } from './change-watch.ts';

/** Whoever keeps in memory what the file says. */
export interface ChangeListener {
  tokenChanged(tokenHash: string): void;
  userChanged(userId: string): void;
  everythingChanged(): void;
}

/**
 * The most changes that are dealt with one by one. Beyond that, dropping everything is cheaper than
 * reading what to drop.
 */
const MAX_TAIL = 1024;

/**
 * Brings the changes of all connections to the near caches on this one.
 *
 * The rule that makes a near cache coherent: what it holds is right as of the position read last; before
 * it answers it calls {@link catchUp}, which looks at the watch and, if anything was committed since,
 * drops what the log names after that position. An entry that was read from the file *later* than the
 * position may be dropped without need, but never kept without right, since whatever changed it after
 * that read stands in the log after the position.
 */
export class ChangeFeed {
  readonly #watch: Pick<ChangeWatch, 'hasChanged' | 'acknowledge'>;
  readonly #log: Pick<ChangeLog, 'position' | 'after'>;
  readonly #listeners = new Set<ChangeListener>();
  #position: Position;

  /** The watch must have been made before this: what is committed in between then counts as a change. */
  constructor(
    watch: Pick<ChangeWatch, 'hasChanged' | 'acknowledge'>,
    log: Pick<ChangeLog, 'position' | 'after'>,
  ) {
    this.#watch = watch;
    this.#log = log;
    this.#position = log.position();
  }

  subscribe(listener: ChangeListener): void {
    this.#listeners.add(listener);
  }

  unsubscribe(listener: ChangeListener): void {
    this.#listeners.delete(listener);
  }

  /** Whether anything was committed by others since the last call; if so, it has been dealt with. */
  catchUp(): boolean {
    if (!this.#watch.hasChanged()) return false;
    // Read after the watch was: what is committed in between is seen now, and once more next time.
    const tail = this.#log.after(this.#position, MAX_TAIL);
    if (tail === null) {
      this.#position = this.#log.position();
      this.#tell({});
    } else {
      for (const change of tail) {
        this.#tell(change);
        this.#position = change.position;
      }
    }
    // Only now: if reading the tail failed, the next call must try again.
    this.#watch.acknowledge();
    if (tail === null) this.#publishDropped('fell-behind');
    else if (tail.some(isEverything)) this.#publishDropped('everything-invalidated');
    return true;
  }

  /**
   * Deals with a change that this connection made itself, and of which the watch therefore knows
   * nothing. With a position right after the last one, and no commit of others since, the tail that is read
   * next need not hold it; without one (the write failed) it is a precaution.
   */
  applyOwn(change: Change, position?: Position): void {
    this.#tell(change);
    if (position?.seq === this.#position.seq + 1 && !this.#mayBeBehind()) {
      this.#position = position;
    }
    if (isEverything(change)) this.#publishDropped('everything-invalidated');
  }

  #mayBeBehind(): boolean {
    try {
      return this.#watch.hasChanged();
    } catch {
      // The write is done, or has failed with an error of its own: neither is to be hidden by this one.
      return true;
    }
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) {
      if (change.tokenHash !== undefined) listener.tokenChanged(change.tokenHash.toString('hex'));
      else if (change.userId !== undefined) listener.userChanged(change.userId);
      else listener.everythingChanged();
    }
  }

  /** Last of all: who listens may ask the caches, and must not find one that was not told yet. */
  #publishDropped(reason: OnehostEvents['onehost:near-cache-dropped']['reason']): void {
    if (this.#listeners.size > 0) publish('onehost:near-cache-dropped', { reason });
  }
}

function isEverything({ tokenHash, userId }: Change): boolean {
  return tokenHash === undefined && userId === undefined;
}
