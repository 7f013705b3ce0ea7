import { LeaseTimeoutError } from '../contract/errors/index.ts';
import type { LeaseSummary } from '../contract/lease-store.ts';

/** What a standby is told whose wait is over. @param lease as it was last; `null` when there is none of that name. */
export function leaseTimeout(
  name: string,
  timeoutMilliseconds: number,
  lease: LeaseSummary | null,
): LeaseTimeoutError {
  const holder = lease?.holder;
  return new LeaseTimeoutError(
    `The lease "${name}" could not be had within ${timeoutMilliseconds / 1000} s (timeoutSeconds). ` +
      (holder
        ? `Process ${holder.processId} on ${holder.host} holds it since ${lease.acquiredAt.toISOString()} (last heartbeat ${lease.lastHeartbeatAt.toISOString()}, ${lease.evidence}). `
        : 'Others were faster each time. ') +
      'Wait longer, or stop the holder.',
    lease,
  );
}
