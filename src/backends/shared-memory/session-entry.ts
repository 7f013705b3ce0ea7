/** What is kept of a session besides its payload. Times are milliseconds since 1970. */
export interface EntryHeader {
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly touchedAt: number;
  /** What stands for the user in the index. */
  readonly userHash: Uint8Array;
}

const EXPIRES_AT = 0;
const CREATED_AT = 8;
const TOUCHED_AT = 16;
const USER_HASH = 24;
const PAYLOAD = 56;

/** The expiry comes first: it is all that a read needs besides the payload. */
export function encodeEntry(header: EntryHeader, payload: string): Buffer {
  const bytes = Buffer.allocUnsafe(PAYLOAD + Buffer.byteLength(payload));
  bytes.writeDoubleLE(header.expiresAt, EXPIRES_AT);
  bytes.writeDoubleLE(header.createdAt, CREATED_AT);
  bytes.writeDoubleLE(header.touchedAt, TOUCHED_AT);
  bytes.set(header.userHash, USER_HASH);
  bytes.write(payload, PAYLOAD);
  return bytes;
}

export function expiryOf(entry: Buffer): number {
  return entry.readDoubleLE(EXPIRES_AT);
}

/** A copy: `entry` may be memory that the next read overwrites. */
export function headerOf(entry: Buffer): EntryHeader {
  return {
    expiresAt: expiryOf(entry),
    createdAt: entry.readDoubleLE(CREATED_AT),
    touchedAt: entry.readDoubleLE(TOUCHED_AT),
    userHash: Buffer.from(entry.subarray(USER_HASH, PAYLOAD)),
  };
}

export function payloadOf(entry: Buffer): string {
  return entry.toString('utf8', PAYLOAD, entry.length);
}
