/** What a process is told that sets and invalidates until it is killed. */
export interface EndlessOrder {
  readonly folder: string;
  /** What its tokens begin with. */
  readonly name: string;
  /** Where it writes down what has returned. */
  readonly log: string;
}

/** So many of its sessions are there at a time. */
export const LIVE = 20;
