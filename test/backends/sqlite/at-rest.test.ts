import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  DatabaseSessionCache,
  newSessionToken,
  openDatabase,
  sessionIdOf,
} from '../../../src/index.ts';
import type { TestSession } from '../../../src/testing/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

/** The bytes of the file, its -wal and its -shm, one after the other. */
function allBytes(folder: TemporaryFolder): Buffer {
  return Buffer.concat(readdirSync(folder.path).map((name) => readFileSync(folder.file(name))));
}

describe('at rest', () => {
  test('there is no raw token in any byte, whatever was done with it', async () => {
    using folder = new TemporaryFolder();
    await using database = await openDatabase(folder.file('a.db'));
    const cache = new DatabaseSessionCache<TestSession>(database);
    const tokens = Array.from({ length: 60 }, () => newSessionToken());
    for (const [index, token] of tokens.entries()) {
      cache.set(token, { userId: index % 10, name: `Ada ${index}` }, 3600);
      cache.get(token);
      cache.touch(token, 7200);
      await cache.getOrLoad(`other ${token}`, () => ({
        session: { userId: index },
        ttlSeconds: 60,
      }));
      if (index % 3 === 0) cache.invalidate(token);
      if (index % 20 === 0) cache.invalidateByUser(index % 10, { exceptToken: token });
    }
    const bytes = allBytes(folder);
    // The search finds what is there.
    expect(bytes.includes('Ada 59')).toBe(true);
    for (const token of tokens) {
      for (const encoding of ['utf8', 'utf16le'] as const) {
        expect(bytes.includes(Buffer.from(token, encoding))).toBe(false);
      }
      expect(bytes.includes(Buffer.from(token, 'base64url'))).toBe(false);
      expect(bytes.includes(sessionIdOf(token))).toBe(false);
    }
  });
});

describe('what stands around the bytes of a session', () => {
  test('is not kept with them: a view of the memory that small Buffers share', async () => {
    using folder = new TemporaryFolder();
    await using database = await openDatabase(folder.file('a.db'));
    const cache = new DatabaseSessionCache<TestSession>(database);
    const token = newSessionToken();
    // As a request's header would, it passes through the pool.
    Buffer.from(`Cookie: session=${token}`);
    const key = Buffer.from('public key bytes');
    const view = new Uint8Array(key.buffer, key.byteOffset, key.byteLength);
    expect(Buffer.from(view.buffer).includes(token)).toBe(true);
    cache.set(token, { userId: 7, view }, 60);
    const kept = cache.get(token)?.['view'] as Uint8Array;
    expect(Buffer.from(kept).toString()).toBe('public key bytes');
    expect(kept.buffer.byteLength).toBe(16);
  });
});

describe('tokens', () => {
  test('newSessionToken gives 256 bits in 43 characters that fit a cookie', () => {
    const tokens = new Set(Array.from({ length: 1000 }, () => newSessionToken()));
    expect(tokens.size).toBe(1000);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/);
  });

  test('sessionIdOf tells nothing of the token, and differs from its hash', () => {
    expect(sessionIdOf('token')).toBe(sessionIdOf('token'));
    expect(sessionIdOf('token')).not.toBe(sessionIdOf('token '));
    expect(sessionIdOf('token')).toMatch(/^[\w-]{22}$/);
    for (const encoding of ['hex', 'base64url'] as const) {
      const atRest = createHash('sha256').update('token').digest(encoding);
      expect(atRest).not.toContain(sessionIdOf('token'));
    }
    expect(() => sessionIdOf('')).toThrow(
      expect.objectContaining({ code: 'ONEHOST_INVALID_TOKEN' }),
    );
  });
});
