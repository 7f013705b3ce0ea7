import type { Instance } from '../../contract/instance.ts';
import type { TermReason } from '../../contract/lease.ts';

/** A lease as it stands in Redis. */
export interface LeaseRecord {
  readonly name: string;
  readonly fencingToken: number;
  /** The id of the instance that holds it; empty when nobody does. */
  readonly holder: string;
  /** Who holds it, or held it last. */
  readonly instance: Instance;
  readonly reason: TermReason;
  readonly durationMilliseconds: number;
  readonly renewals: number;
  /** By the server's clock. */
  readonly acquiredAt: number;
  readonly renewedAt: number;
}

/** What a script tells of one lease. */
export interface LeaseReply {
  /** Empty when there is none. */
  readonly epoch: string;
  /** The server's clock. */
  readonly now: number;
  readonly lease: LeaseRecord | undefined;
}

export function readReply(reply: unknown): LeaseReply {
  const [epoch, now, fields] = reply as [string, string, string[]];
  return { epoch, now: Number(now), lease: readRecord(fields) };
}

export function readListReply(reply: unknown): {
  readonly epoch: string;
  readonly now: number;
  readonly leases: LeaseRecord[];
} {
  const [epoch, now, list] = reply as [string, string, string[][]];
  const leases = list.map(readRecord).filter((lease) => lease !== undefined);
  return { epoch, now: Number(now), leases };
}

export function describeInstance(instance: Instance): string {
  return JSON.stringify(instance);
}

/** @param flat names and values of a hash by turns; none of a lease that nobody has ever held. */
function readRecord(flat: readonly string[]): LeaseRecord | undefined {
  const fields = new Map<string, string>();
  for (let at = 0; at < flat.length; at += 2) {
    fields.set(flat[at] as string, flat[at + 1] as string);
  }
  if (fields.size === 0) return undefined;
  const text = (name: string) => fields.get(name) ?? '';
  const number = (name: string) => Number(text(name));
  const instance = JSON.parse(text('instance')) as Instance;
  return {
    name: text('name'),
    fencingToken: number('token'),
    holder: text('holder'),
    instance: { ...instance, startedAt: new Date(instance.startedAt) },
    reason: text('reason') as TermReason,
    durationMilliseconds: number('duration'),
    renewals: number('renewals'),
    acquiredAt: number('acquired'),
    renewedAt: number('renewed'),
  };
}
