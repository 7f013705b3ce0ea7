import assert from 'node:assert/strict';
import { UnstorableValueError } from '../../contract/errors/index.ts';
import type { Claim, TestSession } from './harness.ts';
import { waysIn } from './ways-in.ts';

const cyclic: Record<string, unknown> = { name: 'ring' };
cyclic['self'] = cyclic;

const kept: Record<string, unknown> = {
  'plain data': { a: [1, 'two', true, null, { b: [] }], c: {} },
  undefined: { a: undefined, b: [undefined, 1] },
  numbers: [0, -0, 0.1, -1e300, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, -Infinity],
  bigints: [5n, -(2n ** 64n), 12345678901234567890123456789012345678901234567890n],
  unicode: { 'ключ 🗝️': '👨‍👩‍👧 é\u0000\u2028"\\', lone: '\ud83d' },
  dates: { logged: new Date(1764000000123), early: new Date(-62135596800001) },
  maps: new Map<unknown, unknown>([
    ['a', new Map([[{ k: 1 }, new Date(5)]])],
    [1n, undefined],
  ]),
  sets: new Set<unknown>(['a', Number.NaN, undefined, new Set([1])]),
  'a sparse array': Object.assign(new Array(3), { 0: 1, 2: 3 }),
  'a regular expression': /a+b/giu,
  bytes: {
    typed: new Uint8Array([0, 255]),
    floats: new Float64Array([0.5]),
    buffer: new Uint8Array([1]).buffer,
  },
  'names of Object': { constructor: 1, toString: 'x', hasOwnProperty: 2, '': 3 },
  'a cycle': cyclic,
  'deep nesting': nested(400),
};

const refused: Record<string, [value: unknown, path: string]> = {
  'a function': [{ a: [{ b: () => 1 }] }, 'session.data.a[0].b'],
  'a symbol': [{ a: Symbol('s') }, 'session.data.a'],
  'a property named by a symbol': [{ [Symbol('s')]: 1 }, 'session.data[Symbol(s)]'],
  'an instance of a class': [{ money: new (class Money {})() }, 'session.data.money'],
  'a function in a Map': [new Map([['x', () => 1]]), 'session.data.get("x")'],
  'a promise': [[Promise.resolve()], 'session.data[0]'],
  'an Error': [{ e: new Error('x') }, 'session.data.e'],
  'a Buffer': [{ b: Buffer.from('x') }, 'session.data.b'],
  'a WeakMap': [{ 'a b': new WeakMap() }, 'session.data["a b"]'],
  'an own __proto__': [JSON.parse('{"__proto__":{"admin":true}}'), 'session.data.__proto__'],
  'a named property of an array': [Object.assign([1], { extra: 2 }), 'session.data.extra'],
  'a property beyond the last index': [
    Object.assign([], { 4294967295: 1 }),
    'session.data["4294967295"]',
  ],
  'a named property in the place of a hole': [
    Object.assign(new Array(2), { 0: 1, 1.5: 2 }),
    'session.data["1.5"]',
  ],
  'a property named by nothing': [Object.assign(new Array(1), { '': 2 }), 'session.data[""]'],
  'a getter that throws': [
    Object.defineProperty({}, 'broken', { enumerable: true, get: broken }),
    'session.data.broken',
  ],
  'a Proxy that was revoked': [{ proxy: revoked() }, 'session.data.proxy'],
  'a Map with the prototype of an array': [
    Object.setPrototypeOf(new Map([[1, 2]]), Array.prototype),
    'session.data',
  ],
  'a Map with the prototype of a plain object': [
    Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype),
    'session.data',
  ],
  'bytes without a prototype': [Object.setPrototypeOf(new Uint8Array(8), null), 'session.data'],
  'a buffer without a prototype': [Object.setPrototypeOf(new ArrayBuffer(8), null), 'session.data'],
  'an array with the prototype of a Set': [
    Object.setPrototypeOf([1], Set.prototype),
    'session.data',
  ],
  'a property named by what may be a token': [
    { visits: { p5Zb0cMSxTgWq1pXo8HqJt3vYn2Lr6KdEfUaVi7wBzA: () => 1 } },
    'session.data.visits["…"]',
  ],
  'a property of a Date': [Object.assign(new Date(5), { zone: 'CET' }), 'session.data.zone'],
  'a property of a Map': [Object.assign(new Map(), { a: 1 }), 'session.data.a'],
  'a property of a typed array': [Object.assign(new Uint8Array(2), { a: 1 }), 'session.data.a'],
  'a symbol of an array': [Object.assign([1], { [Symbol('s')]: 1 }), 'session.data[Symbol(s)]'],
  'a hidden property': [Object.defineProperty({ a: 1 }, 'b', { value: 2 }), 'session.data.b'],
  'a hidden toJSON': [
    Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'changed' }),
    'session.data.toJSON',
  ],
  'a search under way': [Object.assign(/a/g, { lastIndex: 3 }), 'session.data.lastIndex'],
  'a Map without a prototype': [Object.setPrototypeOf(new Map([[1, 2]]), null), 'session.data'],
  'shared memory': [{ shared: new SharedArrayBuffer(8) }, 'session.data.shared'],
  'a view of shared memory': [
    { view: new Uint8Array(new SharedArrayBuffer(8)) },
    'session.data.view',
  ],
  'a buffer that was transferred': [{ buffer: transferred() }, 'session.data.buffer'],
};

function broken(): never {
  throw new Error('broken');
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

export function valueClaims(claim: Claim): void {
  for (const [name, data] of Object.entries(kept)) {
    claim(`what comes out equals what went in: ${name}`, ['retains'], async ({ cache }) => {
      const session = { userId: 7, data };
      for (const [way, keep] of waysIn) {
        await keep(cache, way, session, 60);
        assert.deepEqual([way, await cache.get(way)], [way, session]);
        assert.deepEqual([way, await cache.get(way)], [way, session], 'also on the second read');
      }
    });
  }

  for (const [name, [data, path]] of Object.entries(refused)) {
    claim(`what cannot survive is refused, and its place named: ${name}`, [], async ({ cache }) => {
      for (const [way, keep] of waysIn) {
        await assert.rejects(
          async () => keep(cache, 'token', { userId: 7, data }, 60),
          (error: unknown) => {
            assert.ok(error instanceof UnstorableValueError, `${way}: ${String(error)}`);
            assert.equal(error.path, path);
            assert.ok(error.message.includes(path), error.message);
            return true;
          },
          way,
        );
        assert.equal(await cache.get('token'), null, 'nothing half-kept');
      }
    });
  }

  claim(
    'a view keeps the bytes it shows, and not those around them',
    ['retains'],
    async ({ cache }) => {
      const around = new Uint8Array(1000).fill(83);
      const view = around.subarray(10, 13);
      await cache.set('token', { userId: 7, view }, 60);
      const kept = (await cache.get('token'))?.['view'] as Uint8Array;
      assert.deepEqual(kept, new Uint8Array([83, 83, 83]));
      assert.equal(kept.buffer.byteLength, 3);
    },
  );

  claim('what answers otherwise the second time is asked once', ['retains'], async ({ cache }) => {
    for (const [way, keep] of waysIn) {
      let asked = 0;
      const session = {
        get userId() {
          return ++asked;
        },
        data: new Proxy({ way }, { get: () => (++asked > 3 ? new Date() : way) }),
      };
      await keep(cache, 'token', session, 60);
      assert.deepEqual(await cache.get('token'), { userId: 1, data: { way } });
      assert.equal(await cache.invalidateByUser(1), 1);
    }
  });

  claim('nesting without end is refused', [], async ({ cache }) => {
    await assert.rejects(async () => cache.set('token', { userId: 7, data: nested(100_000) }, 60), {
      code: 'ONEHOST_UNSTORABLE_VALUE',
    });
  });

  claim('a large session is kept', ['retains'], async ({ cache }) => {
    const session = { userId: 7, data: 'é'.repeat(500_000) };
    await cache.set('token', session, 60);
    assert.deepEqual(await cache.get('token'), session);
  });

  claim('changing what was passed changes nothing in the cache', ['retains'], async ({ cache }) => {
    const session = { userId: 7, roles: ['reader'], at: new Date(5), map: new Map([['a', 1]]) };
    await cache.set('token', session, 60);
    session.roles.push('admin');
    session.at.setTime(6);
    session.map.set('a', 2);
    assert.deepEqual(await cache.get('token'), {
      userId: 7,
      roles: ['reader'],
      at: new Date(5),
      map: new Map([['a', 1]]),
    });
  });

  claim(
    'plain data comes out frozen, so that no reader can change it',
    ['retains'],
    async ({ cache }) => {
      for (const [way, keep] of waysIn) {
        await keep(cache, way, { userId: 7, roles: ['reader'] }, 60);
        for (let read = 0; read < 2; read++) {
          const session = (await cache.get(way)) as TestSession & { roles: string[] };
          assert.throws(() => session.roles.push('admin'), TypeError, way);
          assert.throws(() => Object.assign(session, { userId: 1 }), TypeError, way);
        }
      }
    },
  );

  for (const [name, spoil] of Object.entries(spoilers)) {
    claim(
      `changing what came out changes nothing in the cache: ${name}`,
      ['retains'],
      async ({ cache }) => {
        const session = {
          userId: 7,
          list: [1],
          at: new Date(5),
          map: new Map([['a', { b: 1 }]]),
          set: new Set([1]),
          bytes: new Uint8Array([1]),
        };
        for (const [way, keep] of waysIn) {
          await keep(cache, way, session, 60);
          for (let read = 0; read < 3; read++) {
            const got = (await cache.get(way)) as unknown as typeof session;
            assert.deepEqual([way, got], [way, session]);
            spoil(got);
          }
        }
      },
    );
  }
}

const spoilers: Record<
  string,
  (session: {
    list: number[];
    at: Date;
    map: Map<string, { b: number }>;
    set: Set<number>;
    bytes: Uint8Array;
  }) => void
> = {
  'a list beside a Date': (session) => session.list.push(2),
  'a Date': (session) => session.at.setTime(6),
  'a Map': (session) => session.map.set('c', { b: 2 }),
  'an object in a Map': (session) => {
    const inner = session.map.get('a');
    if (inner !== undefined) inner.b = 9;
  },
  'a Set': (session) => session.set.clear(),
  'a typed array': (session) => session.bytes.fill(9),
};

function transferred(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

function nested(depth: number): unknown {
  let value: unknown = 'bottom';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { value } : [value];
  return value;
}
