/** How far the two clocks may drift apart between two looks: the granularity of one, and what NTP slews at most, twice over. */
const TOLERANCE_MILLISECONDS = 50;
const DRIFT = 0.001;

/** Where the server's clock stood to the monotonic one, at least and at most. */
interface Offset {
  readonly least: number;
  readonly most: number;
  readonly at: number;
}

/**
 * Whether the server's clock goes evenly, by this process's monotonic clock. It is a wall clock, and somebody may set it: PostgreSQL has no
 * other to offer. When it was set, times that it noted before say nothing any more.
 */
export class ServerClock {
  #offset: Offset | null = null;
  #era = 0;

  /** Rises when the clock was found to have been set; 0 for as long as it never was. */
  get era(): number {
    return this.#era;
  }

  /** @param now what it showed at some moment between `before` and `after` on the monotonic clock. */
  observe(now: number, before: number, after: number): void {
    // The server's milliseconds are rounded down.
    const offset = { least: now - after, most: now + 1 - before, at: after };
    const last = this.#offset;
    this.#offset = offset;
    if (last === null) return;
    const tolerance = TOLERANCE_MILLISECONDS + DRIFT * (after - last.at);
    if (offset.least > last.most + tolerance || offset.most < last.least - tolerance) this.#era++;
  }
}
