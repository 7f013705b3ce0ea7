import type { Awaitable } from '../../contract/awaitable.ts';
import type { LeaseStore, LeaseStoreCapabilities } from '../../contract/lease-store.ts';
import type { TestRunner } from '../test-runner.ts';
import { withTwoInstances } from '../two-instances.ts';

/** An empty place where leases are kept: a file, or a server's database. */
export interface LeaseTestPlace {
  /** A further instance that contends here, as another process would. */
  openInstance(): Awaitable<TestInstance>;
  /** Lets the time pass by which durations are measured, in all instances but those that stand still. */
  advance(seconds: number): Awaitable<void>;
  /** Sets the wall clock by which instances and place tell what time it is, backwards if negative. */
  setWallClockBy(seconds: number): Awaitable<void>;
  /** Ends what was opened. Lease stores are closed by the suite before. */
  close(): Awaitable<void>;
}

export interface TestInstance {
  readonly leases: LeaseStore;
  /** Lets time pass in which this instance does nothing, as a stopped process does; no other does either. */
  stall(seconds: number): Awaitable<void>;
  /**
   * Two writes that `lease.transaction` can make, and what came of them: `write` inside a transaction adds one to a number that begins at 0;
   * `read` gives it. Left out by a backend that has no transactions.
   */
  readonly counter?: {
    write(connection: unknown): Awaitable<void>;
    read(): Awaitable<number>;
  };
}

/** What has to be said of a backend to run the suite on it. */
export interface LeaseStoreHarness {
  readonly name: string;
  /** What the backend's stores say of themselves; what it cannot do is skipped, and shown as such. */
  readonly capabilities: LeaseStoreCapabilities;
  createPlace(): Awaitable<LeaseTestPlace>;
}

/** What the body of a claim gets. */
interface LeaseClaimContext {
  readonly ours: TestInstance;
  readonly theirs: TestInstance;
  readonly place: LeaseTestPlace;
}

export type LeaseClaim = (
  name: string,
  body: (context: LeaseClaimContext) => Promise<void>,
  needs?: 'transactions',
) => void;

/** Turns claims into tests of `runner`: a fresh place with two instances for each, closed afterwards. */
export function leaseClaimsOf(runner: TestRunner, harness: LeaseStoreHarness): LeaseClaim {
  return (name, body, needs) => {
    if (needs !== undefined && !harness.capabilities[needs]) {
      runner.test.skip(`${name} (not for this backend: ${needs})`, async () => {});
      return;
    }
    runner.test(name, () => withTwoInstances(() => harness.createPlace(), body));
  };
}
