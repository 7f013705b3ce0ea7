import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const deriveKey = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/**
 * One of the costs that OWASP's Password Storage Cheat Sheet holds to be equal: 16 MiB of memory and
 * about 0.2 s. It runs in Node's thread pool, so other requests are answered meanwhile.
 */
const COST: Cost = { N: 2 ** 14, r: 8, p: 5 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/**
 * Checked when nobody has the name that was typed, so that the time an answer takes does not tell
 * which names exist. No password has this hash.
 */
export const DECOY_HASH: string = format(COST, randomBytes(SALT_BYTES), randomBytes(KEY_BYTES));

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return format(COST, salt, await derive(password, salt, COST));
}

export async function verifyPassword(password: string, passwordHash: string): Promise<boolean> {
  const { cost, salt, key } = parse(passwordHash);
  return timingSafeEqual(await derive(password, salt, cost), key);
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  // One "é" has two spellings in Unicode, and keyboards differ in which they send.
  return deriveKey(password.normalize('NFC'), salt, KEY_BYTES, cost);
}

/** The cost stands beside the hash, so that raising it leaves the hashes there are valid. */
function format(cost: Cost, salt: Buffer, key: Buffer): string {
  const { N, r, p } = cost;
  return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

function parse(passwordHash: string): { cost: Cost; salt: Buffer; key: Buffer } {
  const [, N, r, p, salt = '', key = ''] = passwordHash.split('$');
  return {
    cost: { N: Number(N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  };
}
