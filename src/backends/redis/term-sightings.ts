import type { LeaseRecord } from './lease-record.ts';

/** When something was asked of the server, by the clock here. */
export interface Look {
  readonly begunAt: number;
  readonly endedAt: number;
}

/** What was seen of a term when its counter was first seen to stand where it stands. */
interface Sighting {
  readonly fencingToken: number;
  readonly renewals: number;
  /** When it was renewed last by the server's clock. */
  readonly renewedAtServer: number;
  /** When it must have been renewed last, by the clock here. */
  readonly renewedAt: number;
  /** When it was looked at last. */
  readonly lastLookAt: number;
}

/**
 * For how long a term has not been renewed, by the clock of who looks.
 *
 * The server notes a renewal by its own clock, which somebody may set. So that clock is believed once for each renewal, at the first look that finds it, and
 * within what the looker knows by itself: no longer ago than its look before, which still found the renewal before this one. From then on the
 * looker's own monotonic clock counts. Setting the server's clock by a day changes nothing for a standby that was looking; one
 * whose first look comes between the setting and the next renewal takes a term over too soon, and the fence holds.
 */
export class TermSightings {
  readonly #sightings = new Map<string, Sighting>();

  /** For how many milliseconds, at least, `lease` had not been renewed when it was looked at. */
  overdue(lease: LeaseRecord, serverNow: number, { begunAt, endedAt }: Look): number {
    const { name, fencingToken, renewals } = lease;
    const last = this.#sightings.get(name);
    // Not by the counter alone: a server that has lost its last writes counts the same number a second time.
    const isSame =
      last?.fencingToken === fencingToken &&
      last.renewals === renewals &&
      last.renewedAtServer === lease.renewedAt;
    // By the latest moment at which it may have been answered: a holder may trust itself from the renewal on.
    const renewedAt = isSame
      ? last.renewedAt
      : endedAt -
        Math.max(
          0,
          Math.min(
            serverNow - lease.renewedAt,
            endedAt - (last?.lastLookAt ?? Number.NEGATIVE_INFINITY),
          ),
        );
    const renewedAtServer = lease.renewedAt;
    this.#sightings.set(name, {
      fencingToken,
      renewals,
      renewedAtServer,
      renewedAt,
      lastLookAt: begunAt,
    });
    return begunAt - renewedAt;
  }
}
