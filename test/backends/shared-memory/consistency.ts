import { expect } from 'vitest';
import type { SharedMemory } from '../../../src/shared-memory.ts';

/** Each entry is in both indexes under its own user and expiry, and nothing else is. The number of entries. */
export function expectConsistency(memory: SharedMemory): number {
  return memory.read(Date.now(), () => {
    const [entries, ofUsers, byExpiry] = memory.tables.all;
    const hashes = [...entries.getKeys({ start: Buffer.alloc(1) })];
    const users = [...ofUsers.getKeys({ start: Buffer.alloc(1) })];
    const expiries = [...byExpiry.getKeys({ start: Buffer.alloc(1) })];
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    const headers = hashes.map((hash) => ({ hash, header: memory.tables.header(hash) }));
    expect(new Set(users.map(hex))).toEqual(
      new Set(headers.map(({ hash, header }) => hex(header?.userHash ?? hash) + hex(hash))),
    );
    const expiry = (key: Uint8Array) =>
      `${Buffer.from(key).readDoubleBE(0)} ${hex(key.subarray(8))}`;
    expect(new Set(expiries.map(expiry))).toEqual(
      new Set(headers.map(({ hash, header }) => `${header?.expiresAt} ${hex(hash)}`)),
    );
    return hashes.length;
  });
}
