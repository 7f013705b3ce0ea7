import { LeaseTimeoutError } from '../contract/errors/index.ts';
import type { LeaseSummary } from '../contract/lease-store.ts';

/** What a standby is told whose wait is over. @param lease as it was last; `null` when there is none of that name. @param failure of the last attempt. */
export function leaseTimeout(
  name: string,
  timeoutMilliseconds: number,
  lease: LeaseSummary | null,
  failure?: unknown,
): LeaseTimeoutError {
  const holder = lease?.holder;
  return new LeaseTimeoutError(
    `The lease "${name}" could not be had within ${timeoutMilliseconds / 1000} s (timeoutSeconds). ` +
      (holder
        ? `Process ${holder.processId} on ${holder.host} holds it since ${lease.acquiredAt.toISOString()} (last heartbeat ${lease.lastHeartbeatAt.toISOString()}, ${lease.evidence}). `
        : `${failure === undefined ? 'Others were faster' : 'Something else was being written'} each time. `) +
      'Wait longer, or stop the holder.',
    lease,
    { cause: failure },
  );
}
