import fc from 'fast-check';

/** What is known to break what handles text. */
const notorious = fc.constantFrom(
  '',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff',
  'x\ud800y',
  '\ufeff',
  '\u202e',
  "'; drop table onehost_sessions; --",
  '") or 1=1; --',
  '%',
  '_',
  '?',
  ':token',
  '@user',
  '$1',
  'é',
  'e\u0301',
  'null',
  'undefined',
  'NaN',
  '1e400',
  '-0',
  '9007199254740993',
  'a'.repeat(1024),
  'a'.repeat(1025),
  'b'.repeat(4096),
  'b'.repeat(4097),
  '💥'.repeat(2048),
);

export const hostileText = fc.oneof(
  notorious,
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.string({ unit: 'grapheme-composite', maxLength: 50 }),
  fc.tuple(notorious, notorious).map(([one, two]) => one + two),
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
);

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'the end';
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

function cyclic(): unknown {
  const value: Record<string, unknown> = { list: [] };
  value['self'] = value;
  (value['list'] as unknown[]).push(value, value['list']);
  return value;
}

function sparse(length: number): unknown[] {
  const list: unknown[] = [1];
  list[length - 1] = 2;
  return list;
}

function throwing(): never {
  throw new TypeError('a trap of the value itself');
}

/** What somebody builds to do harm, made anew each time. */
const notoriousValues: readonly (() => unknown)[] = [
  () => JSON.parse('{"__proto__": {"polluted": true}}'),
  () => JSON.parse('{"constructor": {"prototype": {"polluted": true}}}'),
  () => ({ toJSON: 1, valueOf: 3 }),
  () => ({ toJSON: () => ({ userId: 1 }) }),
  () => ({ [Symbol.toPrimitive]: () => 7 }),
  () => Object.create({ userId: 7 }),
  () => Object.create(null, { userId: { value: 7, enumerable: true } }),
  () => nested(400, (inner) => [inner]),
  () => nested(10_000, (inner) => [inner]),
  () => nested(10_000, (inner) => ({ inner })),
  () => nested(10_000, (inner) => new Map([[inner, 1]])),
  () => nested(10_000, (inner) => new Set([inner])),
  cyclic,
  () => sparse(1000),
  () => sparse(2 ** 32 - 1),
  // Each has as many keys as it is long.
  () => Object.assign(sparse(3), { '1.5': 'named' }),
  () => Object.assign(sparse(3), { '': 'named' }),
  () => Object.assign(sparse(3), { '01': 'named' }),
  () => Object.assign(sparse(3), { '-1': 'named' }),
  () => new Array(2 ** 32 - 1),
  () => ({ length: 2 ** 53 }),
  () => new Proxy({}, { ownKeys: throwing }),
  () => new Proxy({}, { getPrototypeOf: throwing }),
  () => new Proxy({ a: 1 }, { get: throwing }),
  () => new Proxy({ a: 1 }, { getOwnPropertyDescriptor: throwing }),
  () => new Proxy([1, 2], { get: throwing }),
  () => new Proxy({ a: 1 }, {}),
  () => new Proxy({}, { ownKeys: () => Array.from({ length: 1000 }, (_, key) => `${key}`) }),
  () => Proxy.revocable({}, {}).proxy,
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  () => Object.defineProperty({}, 'trap', { enumerable: true, get: throwing }),
  () => Object.defineProperty({}, 'hidden', { value: 1 }),
  () => ({
    get changes() {
      return Math.random() < 2 ? 1 : 0;
    },
  }),
  () => Object.defineProperty({}, 'constructor', { get: throwing }),
  () => Object.defineProperty(new (class Odd {})(), 'constructor', { get: throwing }),
  () => new (class Odd {})(),
  () => Object.assign(new Date(0), { toISOString: throwing }),
  () => Object.setPrototypeOf(new Date(0), null),
  () => Object.setPrototypeOf(new Map(), Array.prototype),
  () => Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype),
  () => Object.setPrototypeOf(new ArrayBuffer(8), null),
  () => Object.setPrototypeOf(new Uint8Array(8), null),
  () => Object.setPrototypeOf(new Uint8Array(8), Float64Array.prototype),
  () => Object.setPrototypeOf([], Set.prototype),
  () => Object.setPrototypeOf([], null),
  () => Object.setPrototypeOf({}, Promise.prototype),
  () => Symbol('secret'),
  () => throwing,
  () => 10n ** 5000n,
  () => Number.NaN,
  () => -1,
  () => '\ud800',
  () => '\0',
  () => new Uint8Array(3).fill(255),
  () => new DataView(new ArrayBuffer(8)),
  () => new SharedArrayBuffer(8),
  () => new WeakMap(),
  () => Promise.resolve(1),
  () => new Error('an error as a value'),
  () => globalThis,
  () => process.env,
];

/** Gives the value anew with each call: what it is must not depend on what was done with it before. */
export const hostileValue: fc.Arbitrary<() => unknown> = fc.oneof(
  fc.constantFrom(...notoriousValues),
  fc.tuple(fc.constantFrom(...notoriousValues), hostileText).map(
    ([make, key]) =>
      () =>
        Object.defineProperty({}, key, { value: make(), enumerable: true, configurable: true }),
  ),
  fc.constantFrom(...notoriousValues).map((make) => () => [make(), make()]),
);
