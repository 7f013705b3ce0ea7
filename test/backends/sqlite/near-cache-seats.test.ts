import { expect, test } from 'vitest';
import { NearCache } from '../../../src/backends/sqlite/near-cache.ts';
import { NOWHERE } from '../../../src/backends/sqlite/token-seats.ts';
import { hashToken } from '../../../src/session-tokens/hash-token.ts';
import { HeldSession } from '../../../src/session-values/held-session.ts';

function readSession(token: string) {
  const held = new HeldSession<{ userId: number }>('{"userId":7}');
  return { tokenHash: hashToken(token), userId: '7', held };
}

test('a seat that was given up is taken again, so that memory ends where it was told to', () => {
  const near = new NearCache(4);
  const seats = new Set<number>();
  for (let n = 0; n < 1000; n++) {
    const token = `token ${n}`;
    // Twice, since a full one admits at the second time.
    for (let time = 0; time < 2; time++) near.put(token, readSession(token), 1);
    seats.add(near.seatOf(token));
    // By others than its own turn, too.
    if (n % 3 === 0) near.tokenChanged(hashToken(token));
  }
  seats.delete(NOWHERE);
  expect(seats.size).toBeLessThanOrEqual(4);
});

test('a session that is put again has one seat, and none once it has changed', () => {
  const near = new NearCache(4);
  for (let time = 1; time <= 2; time++) near.put('token', readSession('token'), time);
  expect(near.expiresAt(near.seatOf('token'))).toBe(2);
  near.tokenChanged(hashToken('token'));
  expect(near.seatOf('token')).toBe(NOWHERE);
});
