import type { Generated } from 'kysely';

/** The tables of migrations/sqlite, as Kysely's types. */
export interface OnehostSchema {
  onehost_session_entries: {
    /** SHA-256 of the token, 32 bytes. */
    token_hash: Buffer;
    user_id: string;
    payload: string;
    created_at: number;
    touched_at: number;
    expires_at: number;
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
  };
}
