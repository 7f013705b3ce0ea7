import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOWHERE, TokenSeats } from '../../../src/backends/sqlite/token-seats.ts';
import { newSessionToken } from '../../../src/index.ts';

/** The same characters in a string of their own, as a request brings them. */
const anew = (token: string) => Buffer.from(token, 'utf16le').toString('utf16le');

describe('the seats of tokens', () => {
  test('are those that were given, in whatever order they come and go', () => {
    // Tokens of few characters and of one ending, so that they meet in the short cut.
    const token = fc.oneof(
      fc.string({ minLength: 1, maxLength: 3 }),
      fc.nat(40).map((n) => `${n} and an end that is the same for all`),
      fc.string({ minLength: 11, maxLength: 20, unit: 'grapheme' }),
    );
    const step = fc.record({ token, isRemoved: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const seats = new TokenSeats();
        const known = new Map<string, number>();
        let next = 0;
        for (const { token, isRemoved } of steps) {
          expect(seats.find(anew(token))).toBe(known.get(token) ?? NOWHERE);
          const seat = known.get(token);
          if (seat !== undefined && isRemoved) {
            seats.remove(seat);
            known.delete(token);
          } else if (seat === undefined) {
            seats.put(token, next);
            known.set(token, next++);
          }
        }
        for (const [token, seat] of known) expect(seats.find(anew(token))).toBe(seat);
      }),
    );
  });

  test('are found for thousands of tokens, and no longer after they were given up', () => {
    const seats = new TokenSeats();
    const tokens = Array.from({ length: 5000 }, () => newSessionToken());
    for (const [seat, token] of tokens.entries()) seats.put(token, seat);
    expect(tokens.map((token) => seats.find(anew(token)))).toEqual([...tokens.keys()]);
    for (let seat = 0; seat < 5000; seat += 2) seats.remove(seat);
    for (const [seat, token] of tokens.entries()) {
      expect(seats.find(anew(token))).toBe(seat % 2 === 0 ? NOWHERE : seat);
    }
  });

  test('given up and taken by another token are not those of the first', () => {
    const seats = new TokenSeats();
    seats.put('first', 0);
    seats.remove(0);
    seats.put('second', 0);
    expect([seats.find('first'), seats.find('second')]).toEqual([NOWHERE, 0]);
  });

  test('are none after all were given up', () => {
    const seats = new TokenSeats();
    seats.put('token', 0);
    seats.clear();
    expect(seats.find('token')).toBe(NOWHERE);
    seats.put('other', 0);
    expect([seats.find('token'), seats.find('other')]).toEqual([NOWHERE, 0]);
  });
});
