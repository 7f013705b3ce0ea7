import type { Instance } from '../contract/instance.ts';
import type { TermReason } from '../contract/lease.ts';
import type { HolderEvidence, LeaseSummary } from '../contract/lease-store.ts';

/** A lease as a store keeps it; points in time are milliseconds since 1970. */
export interface KeptLease {
  readonly name: string;
  readonly fencingToken: number;
  readonly replacedToken: number | null;
  /** The id of the instance that holds it. */
  readonly holder: string | null;
  readonly processId: number;
  readonly host: string;
  readonly appVersion: string | null;
  readonly instanceStartedAt: number;
  readonly reason: TermReason;
  readonly durationMilliseconds: number;
  readonly renewals: number;
  readonly acquiredAt: number;
  readonly renewedAt: number;
}

export function summariseLease(lease: KeptLease, evidence: HolderEvidence): LeaseSummary {
  const holder: Instance = {
    id: lease.holder ?? '',
    processId: lease.processId,
    host: lease.host,
    appVersion: lease.appVersion,
    startedAt: new Date(lease.instanceStartedAt),
  };
  return {
    name: lease.name,
    holder: lease.holder === null ? null : holder,
    fencingToken: lease.fencingToken,
    reason: lease.reason,
    durationSeconds: lease.durationMilliseconds / 1000,
    acquiredAt: new Date(lease.acquiredAt),
    lastHeartbeatAt: new Date(lease.renewedAt),
    evidence,
  };
}
