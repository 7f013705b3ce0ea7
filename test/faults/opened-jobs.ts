import type { JobContext, JobLedger, LeaseStore } from '../../src/index.ts';

/** Where one process keeps leases and ticks, and what its job writes. */
export interface OpenedJobs<Connection = unknown> {
  readonly leases: LeaseStore<Connection>;
  readonly ledger: JobLedger<Connection>;
  /** Writes the tick into the table of the app, unless a later term has written there. */
  write(context: JobContext<Connection>): Promise<void>;
  close(): Promise<void>;
}
