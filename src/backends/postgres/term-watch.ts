import type { Clock } from '../../contract/clock.ts';
import type { TermReason } from '../../contract/lease.ts';
import type { HolderEvidence } from '../../contract/lease-store.ts';
import type { LeaseRow } from './lease-rows.ts';
import { ServerClock } from './server-clock.ts';

/** What this process saw of a lease when it last looked. */
interface Sighting {
  readonly fencingToken: number;
  readonly renewals: number;
  /** When it was first seen as it is, on the monotonic clock. */
  readonly since: number;
  /** Whether the row's time was noted after the server's clock was last set, as far as this process knows. */
  readonly isComparable: boolean;
  readonly era: number;
}

/**
 * Judges whether the terms of others are over, by the server's clock: a term is when it was not renewed for its duration. All that contend
 * go by the same clock, so that it is no matter how theirs are set.
 *
 * The server's is a wall clock. Who has looked before sees it being set, by its own monotonic clock, and from then on the renewal counter must stand still for a
 * full duration here, until the holder has renewed: its row has a time of the new setting then. Only who looks for the first time between the
 * setting and the next renewal can take a living holder for gone; the fence keeps that one from writing.
 */
export class TermWatch {
  readonly #clock: Clock;
  readonly #serverClock = new ServerClock();
  readonly #sightings = new Map<string, Sighting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The server has told its time in answer to a call that began at `before`. */
  heard(now: number, before: number): void {
    this.#serverClock.observe(now, before, this.#clock.monotonic());
  }

  /** Why the lease may be taken over now; `null` when it may not. */
  whyTakeOver(row: LeaseRow | undefined): TermReason | null {
    if (row === undefined) return 'first';
    if (row.holder === null) return 'released';
    return this.#overdue(row) >= row.durationMilliseconds ? 'expired' : null;
  }

  evidenceFor(row: LeaseRow): HolderEvidence {
    if (row.holder === null) return 'none';
    return this.#overdue(row) < row.durationMilliseconds ? 'renewed' : 'overdue';
  }

  /** For how many milliseconds, at least, it has not been renewed. */
  #overdue(row: LeaseRow): number {
    const { since, isComparable } = this.#see(row);
    const elapsed = row.now - row.renewedAt;
    return isComparable && elapsed >= 0 ? elapsed : this.#clock.monotonic() - since;
  }

  #see({ name, fencingToken, renewals }: LeaseRow): Sighting {
    const { era } = this.#serverClock;
    const last = this.#sightings.get(name);
    const isUnchanged = last?.fencingToken === fencingToken && last.renewals === renewals;
    const sighting: Sighting = {
      fencingToken,
      renewals,
      since: isUnchanged ? last.since : this.#clock.monotonic(),
      isComparable: era === 0 || (last?.era === era && (isUnchanged ? last.isComparable : true)),
      era,
    };
    this.#sightings.set(name, sighting);
    return sighting;
  }
}
