import type { Generated } from 'kysely';
import type { RunOutcome } from '../../contract/job-ledger.ts';
import type { TermReason } from '../../contract/lease.ts';

/** The tables of migrations/sqlite, as Kysely's types. */
export interface OnehostSchema {
  onehost_sessions: {
    /** The first 8 bytes of the hash, big-endian and with a sign. */
    token_key: bigint;
    generation: number;
    /** SHA-256 of the token, 32 bytes. */
    token_hash: Buffer;
    user_id: string;
    created_at: number;
    touched_at: number;
    expires_at: number;
    payload: string;
  };
  onehost_session_changes: {
    seq: Generated<number>;
    mark: number;
    token_hash: Buffer | null;
    user_id: string | null;
  };
  onehost_file: {
    id: number;
    checked_boot_id: string | null;
    locks_proved_boot_id: string | null;
    locks_broken_boot_id: string | null;
    /** Sessions of an earlier generation were cleared. */
    session_generation: number;
  };
  onehost_leases: {
    name: string;
    fencing_token: number;
    replaced_token: number | null;
    holder: string | null;
    process_id: number;
    host: string;
    app_version: string | null;
    instance_started_at: number;
    reason: TermReason;
    duration_milliseconds: number;
    renewals: number;
    renewed_monotonic: number;
    boot_id: string;
    acquired_at: number;
    renewed_at: number;
  };
  onehost_jobs: {
    name: string;
    lease: string;
    schedule: string;
    handled_until: number;
    pruned_until: number | null;
    registered_at: number;
  };
  onehost_job_runs: {
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
