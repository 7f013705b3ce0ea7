import { inspect, isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSession, encodeSession } from '../../src/session-values/encode-session.ts';
import { HeldSession } from '../../src/session-values/held-session.ts';

/** Any plain data that the contract says is kept. */
const data = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
  withNullPrototype: true,
  key: fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
});

describe('any plain data', () => {
  test('comes out of the encoding as it went in', () => {
    fc.assert(
      fc.property(data, (value) => {
        const session = { userId: 7, value };
        const decoded = decodeSession(encodeSession(session).payload, (each) => each);
        // An invalid Date equals none, not even another one.
        fc.pre(!inspect(value, { depth: null, maxArrayLength: null }).includes('Invalid Date'));
        expect(isDeepStrictEqual(decoded, session)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test('is held so that no reader can change what another one gets', () => {
    fc.assert(
      fc.property(data, (value) => {
        const held = new HeldSession<{ value: unknown }>(
          encodeSession({ userId: 7, value }).payload,
        );
        const [one, two] = [held.read(), held.read()];
        expect(one === two ? Object.isFrozen(one) : !sharesAnObject(one, two)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('is written as JSON when JSON keeps it, so that a person can read the file', () => {
    expect(encodeSession({ userId: 7, roles: ['a', null, 1.5, { b: true }] }).payload).toBe(
      '{"userId":7,"roles":["a",null,1.5,{"b":true}]}',
    );
  });

  test('referred to many times is not written as often', () => {
    let value: unknown = ['x'.repeat(100)];
    for (let level = 0; level < 60; level++) value = [value, value];
    expect(encodeSession({ userId: 7, value }).payload.length).toBeLessThan(2000);
  });
});

const nestedPayload = `{"userId":1,"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;

test('a payload that nobody wrote is an error that says what to do', () => {
  for (const payload of [
    '',
    '{',
    '[',
    '[[',
    'null',
    '[{"a":5}]',
    '{}',
    '[0]',
    '["x"]',
    '{"a":1}',
    nestedPayload,
  ]) {
    expect(() => new HeldSession(payload), payload.slice(0, 20)).toThrow(
      expect.objectContaining({ code: 'ONEHOST_UNREADABLE_ENTRY' }),
    );
  }
});

function sharesAnObject(one: unknown, two: unknown): boolean {
  const objects = new Set<unknown>();
  const walk = (value: unknown, visit: (object: object) => boolean): boolean => {
    if (typeof value !== 'object' || value === null) return false;
    if (visit(value)) return true;
    const parts =
      value instanceof Map
        ? [...value].flat()
        : value instanceof Set
          ? [...value]
          : Object.values(value);
    return parts.some((part) => walk(part, visit));
  };
  walk(one, (object) => {
    objects.add(object);
    return false;
  });
  return walk(two, (object) => objects.has(object));
}
