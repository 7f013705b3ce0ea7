/**
 * Whoever can hold leases: one lease store in one process. Its id is random, since process ids and host names repeat in
 * containers.
 */
export interface Instance {
  readonly id: string;
  readonly processId: number;
  readonly host: string;
  /** What the app says of itself; `null` when it says nothing. */
  readonly appVersion: string | null;
  readonly startedAt: Date;
}
