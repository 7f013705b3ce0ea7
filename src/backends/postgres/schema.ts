import type { RunOutcome } from '../../contract/job-ledger.ts';
import type { TermReason } from '../../contract/lease.ts';

/** The tables of migrations/postgres that Kysely builds statements on. Hashes are read as hex, and times are milliseconds since 1970. */
export interface PostgresSchema {
  leases: {
    name: string;
    fencing_token: number;
    replaced_token: number | null;
    holder: string | null;
    process_id: number;
    host: string;
    app_version: string | null;
    instance_started_at: number;
    reason: TermReason;
    duration_ms: number;
    renewals: number;
    acquired_at: number;
    renewed_at: number;
  };
  jobs: {
    name: string;
    lease: string;
    schedule: string;
    handled_until: number;
    pruned_until: number | null;
    registered_at: number;
  };
  job_runs: {
    job: string;
    scheduled_for: number;
    last_scheduled_for: number;
    ticks: number;
    outcome: RunOutcome;
    attempts: number;
    instance: string;
    fencing_token: number;
    started_at: number;
    ended_at: number | null;
    error: string | null;
  };
}
