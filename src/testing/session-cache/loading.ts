import assert from 'node:assert/strict';
import { sessionIdOf } from '../../session-tokens/session-id.ts';
import type { Claim, ClaimContext, TestSession } from './harness.ts';

/** A loader that waits in the middle of a load, until the test lets it go on. */
class HeldLoader {
  loads = 0;
  readonly started: Promise<void>;
  readonly #hold: Promise<void>;
  #onStart: () => void = () => {};
  #onRelease: () => void = () => {};

  constructor() {
    this.started = new Promise((resolve) => {
      this.#onStart = resolve;
    });
    this.#hold = new Promise((resolve) => {
      this.#onRelease = resolve;
    });
  }

  release(): void {
    this.#onRelease();
  }

  /** Answers with the number of the load; only the first is held. */
  readonly load = async () => {
    this.loads++;
    const session: TestSession = { userId: 7, load: this.loads };
    if (this.loads === 1) {
      this.#onStart();
      await this.#hold;
    }
    return { session, ttlSeconds: 60 };
  };
}

/** An app's store whose answers arrive together, in one turn of the event loop, as those of a socket do. */
class BatchingStore {
  #valid = true;
  #answers: (() => void)[] = [];

  find(): Promise<{ session: TestSession; ttlSeconds: number } | null> {
    const found = this.#valid ? { session: { userId: 7 }, ttlSeconds: 60 } : null;
    return new Promise((resolve) => this.#answers.push(() => resolve(found)));
  }

  revoke(): Promise<void> {
    return new Promise((resolve) => {
      this.#answers.push(() => {
        this.#valid = false;
        resolve();
      });
    });
  }

  answerAll(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }
}

export function loadingClaims(claim: Claim): void {
  claim('getOrLoad gives what is loaded', [], async ({ cache }) => {
    const load = async () => ({ session: { userId: 7, data: [1] }, ttlSeconds: 60 });
    assert.deepEqual(await cache.getOrLoad('token', load), { userId: 7, data: [1] });
  });

  claim(
    'getOrLoad loads once, and keeps what it loaded for its ttlSeconds',
    ['retains'],
    async ({ cache, advance }) => {
      let loads = 0;
      const load = () => ({ session: { userId: 7, load: ++loads }, ttlSeconds: 10 });
      assert.deepEqual(await cache.getOrLoad('token', load), { userId: 7, load: 1 });
      assert.deepEqual(await cache.getOrLoad('token', load), { userId: 7, load: 1 });
      assert.deepEqual(await cache.get('token'), { userId: 7, load: 1 });
      await advance(10);
      assert.deepEqual(await cache.getOrLoad('token', load), { userId: 7, load: 2 });
    },
  );

  claim(
    'a session that was loaded is one of its user’s, and is touched and dropped as such',
    ['retains'],
    async ({ cache, advance }) => {
      for (const token of ['phone', 'laptop', 'tablet']) {
        await cache.getOrLoad(token, () => ({ session: { userId: 7, token }, ttlSeconds: 10 }));
      }
      const listed = (await cache.listByUser('7')).map(({ id, session }) => [id, session]);
      assert.deepEqual(
        new Map(listed as [string, TestSession][]),
        new Map(
          ['phone', 'laptop', 'tablet'].map((token) => [sessionIdOf(token), { userId: 7, token }]),
        ),
      );
      assert.equal(await cache.invalidateById(7, sessionIdOf('laptop')), true);
      assert.equal(await cache.get('laptop'), null);
      assert.equal(await cache.touch('phone', 100), true);
      await advance(50);
      assert.deepEqual(await cache.get('phone'), { userId: 7, token: 'phone' });
      assert.equal(await cache.invalidateByUser(7), 1, 'the tablet has expired');
      assert.equal(await cache.get('phone'), null);
    },
  );

  claim('getOrLoad does not load what is there', ['retains'], async ({ cache }) => {
    await cache.set('token', { userId: 7 }, 60);
    const load = () => assert.fail('loaded');
    assert.deepEqual(await cache.getOrLoad('token', load), { userId: 7 });
  });

  claim('a token that the loader does not know is null, and is not kept', [], async ({ cache }) => {
    assert.equal(await cache.getOrLoad('token', () => null), null);
    const load = async () => ({ session: { userId: 7 }, ttlSeconds: 60 });
    assert.deepEqual(await cache.getOrLoad('token', load), { userId: 7 });
  });

  claim('a loader may say undefined for null, as many a driver does', [], async ({ cache }) => {
    assert.equal(await cache.getOrLoad('token', () => undefined), null);
  });

  claim(
    'what a loader throws reaches the caller, and the next one loads again',
    [],
    async ({ cache }) => {
      const down = new Error('store down');
      await assert.rejects(
        cache.getOrLoad('token', () => {
          throw down;
        }),
        down,
      );
      const load = async () => ({ session: { userId: 7 }, ttlSeconds: 60 });
      assert.deepEqual(await cache.getOrLoad('token', load), { userId: 7 });
    },
  );

  claim(
    'what the loader throws reaches every caller that shared the load',
    ['retains'],
    async ({ cache }) => {
      const down = new Error('store down');
      const loader = new HeldLoader();
      const ask = () =>
        assert.rejects(
          cache.getOrLoad('token', async () => {
            await loader.load();
            throw down;
          }),
          (error) => error === down,
        );
      const first = ask();
      await loader.started;
      const second = ask();
      // By then a cache across a network has found that the second has to wait for the first.
      assert.equal(await cache.getOrLoad('another', () => null), null);
      loader.release();
      await Promise.all([first, second]);
    },
  );

  claim('what getOrLoad gives is not what the loader gave', [], async ({ cache }) => {
    const session = { userId: 7, roles: ['reader'], at: new Date(5) };
    const got = await cache.getOrLoad('token', () => ({ session, ttlSeconds: 60 }));
    session.roles.push('admin');
    session.at.setTime(6);
    assert.deepEqual(got, { userId: 7, roles: ['reader'], at: new Date(5) });
  });

  claim('plain data comes out of getOrLoad frozen too', [], async ({ cache }) => {
    const load = () => ({ session: { userId: 7, roles: ['reader'] }, ttlSeconds: 60 });
    const got = (await cache.getOrLoad('token', load)) as TestSession & { roles: string[] };
    assert.throws(() => got.roles.push('admin'), TypeError);
    assert.throws(() => Object.assign(got, { userId: 1 }), TypeError);
  });

  claim('what the loader gave is not shared with the app', ['retains'], async ({ cache }) => {
    const session = { userId: 7, roles: ['reader'] };
    await cache.getOrLoad('token', () => ({ session, ttlSeconds: 60 }));
    session.roles.push('admin');
    assert.deepEqual(await cache.get('token'), { userId: 7, roles: ['reader'] });
  });

  claim(
    'a loader that gives no session is an error, and nothing is kept',
    [],
    async ({ cache }) => {
      const wrong = (() => ({ userId: 7 })) as unknown as Parameters<typeof cache.getOrLoad>[1];
      await assert.rejects(cache.getOrLoad('token', wrong), { code: 'ONEHOST_INVALID_SESSION' });
      const endless = () => ({ session: { userId: 7 }, ttlSeconds: Number.POSITIVE_INFINITY });
      await assert.rejects(cache.getOrLoad('token', endless), RangeError);
      assert.equal(await cache.get('token'), null);
    },
  );

  claim('callers that ask at the same time share one load', ['retains'], async ({ cache }) => {
    const loader = new HeldLoader();
    const first = cache.getOrLoad('token', loader.load);
    await loader.started;
    const second = cache.getOrLoad('token', loader.load);
    const another = cache.getOrLoad('another', async () => ({
      session: { userId: 8 },
      ttlSeconds: 60,
    }));
    assert.deepEqual(await another, { userId: 8 }, 'another token does not wait');
    loader.release();
    assert.deepEqual(await first, { userId: 7, load: 1 });
    assert.deepEqual(await second, { userId: 7, load: 1 });
    assert.equal(loader.loads, 1);
  });

  claim(
    'callers that share a load do not share what can be changed',
    ['retains'],
    async ({ cache }) => {
      const load = async () => ({ session: { userId: 7, at: new Date(5) }, ttlSeconds: 60 });
      const [one, two] = await Promise.all([
        cache.getOrLoad('token', load),
        cache.getOrLoad('token', load),
      ]);
      assert.ok(one !== null);
      (one['at'] as Date).setTime(6);
      assert.deepEqual(two, { userId: 7, at: new Date(5) });
      assert.deepEqual(await cache.get('token'), { userId: 7, at: new Date(5) });
    },
  );

  for (const setter of ['cache', 'other'] as const) {
    const needs = setter === 'cache' ? (['retains'] as const) : (['other'] as const);
    const where = setter === 'cache' ? 'in this process' : 'in another process';
    claim(
      `a session set ${where} during a load is newer than what was loaded`,
      needs,
      async (context) => {
        const { cache } = context;
        const loader = new HeldLoader();
        const loading = cache.getOrLoad('token', loader.load);
        await loader.started;
        await context[setter].set('token', { userId: 7, set: true }, 60);
        loader.release();
        assert.deepEqual(await loading, { userId: 7, set: true });
        assert.deepEqual(await cache.get('token'), { userId: 7, set: true });
      },
    );
  }

  const revocations = {
    invalidate: (cache) => cache.invalidate('token'),
    invalidateByUser: (cache) => cache.invalidateByUser(7),
    'invalidateByUser with another exceptToken': (cache) =>
      cache.invalidateByUser(7, { exceptToken: 'kept' }),
    invalidateById: (cache) => cache.invalidateById(7, sessionIdOf('token')),
    clear: (cache) => cache.clear(),
  } satisfies Record<string, (cache: ClaimContext['cache']) => unknown>;

  for (const [name, revoke] of Object.entries(revocations)) {
    claim(
      `a session revoked while it is loaded is loaded again: ${name}`,
      [],
      async ({ cache }) => {
        const loader = new HeldLoader();
        const loading = cache.getOrLoad('token', loader.load);
        await loader.started;
        await revoke(cache);
        loader.release();
        assert.deepEqual(await loading, { userId: 7, load: 2 });
      },
    );

    claim(`also when another process revokes it: ${name}`, ['other'], async ({ cache, other }) => {
      const loader = new HeldLoader();
      const loading = cache.getOrLoad('token', loader.load);
      await loader.started;
      await revoke(other);
      loader.release();
      assert.deepEqual(await loading, { userId: 7, load: 2 });
      assert.deepEqual(await other.get('token'), { userId: 7, load: 2 });
    });
  }

  claim(
    'what was loaded before a set does not come back after that was dropped, whoever it was of',
    ['retains'],
    async ({ cache }) => {
      const loader = new HeldLoader();
      const loading = cache.getOrLoad('token', loader.load);
      await loader.started;
      await cache.set('token', { userId: 8 }, 60);
      await cache.invalidateByUser(8);
      loader.release();
      assert.deepEqual(await loading, { userId: 7, load: 2 });
    },
  );

  claim(
    'a session revoked for good while it is loaded is neither given nor kept',
    ['retains'],
    async ({ cache }) => {
      let valid = true;
      const loading = cache.getOrLoad('token', async () => {
        const found = valid ? { session: { userId: 7 }, ttlSeconds: 60 } : null;
        if (valid) {
          valid = false;
          await cache.invalidate('token');
        }
        return found;
      });
      assert.equal(await loading, null);
      assert.equal(await cache.get('token'), null);
    },
  );

  claim(
    'who joins a load after an invalidation does not get what it had loaded',
    ['retains'],
    async ({ cache }) => {
      const loader = new HeldLoader();
      const first = cache.getOrLoad('token', loader.load);
      await loader.started;
      await cache.invalidateByUser(7);
      const late = cache.getOrLoad('token', loader.load);
      loader.release();
      assert.deepEqual(await late, { userId: 7, load: 2 });
      assert.deepEqual(await first, { userId: 7, load: 2 });
    },
  );

  claim(
    'who asks after a session was made does not get that a load had found none before',
    ['retains'],
    async ({ cache }) => {
      let isThere = false;
      const loader = new HeldLoader();
      const load = async () => {
        const found = isThere ? { session: { userId: 7 }, ttlSeconds: 60 } : null;
        await loader.load();
        return found;
      };
      const first = cache.getOrLoad('token', load);
      await loader.started;
      isThere = true;
      const late = cache.getOrLoad('token', load);
      loader.release();
      assert.equal(await first, null);
      assert.deepEqual(await late, { userId: 7 });
    },
  );

  claim(
    'who asks after an invalidation does not get what a load had found just before',
    ['retains'],
    async ({ cache }) => {
      for (let turns = 0; turns < 12; turns++) {
        const token = `token ${turns}`;
        const store = new BatchingStore();
        const load = () => store.find();
        const request = cache.getOrLoad(token, load);
        await new Promise((resolve) => setImmediate(resolve));
        const logout = (async () => {
          await store.revoke();
          for (let turn = 0; turn < turns; turn++) await null;
          const dropped = cache.invalidate(token);
          // Where it was done at once, not even a microtask may pass: the window is a few of them wide.
          if (typeof dropped !== 'boolean') await dropped;
          return cache.getOrLoad(token, load);
        })();
        const answering = setInterval(() => store.answerAll());
        const answer = await Promise.all([logout, request]).finally(() => clearInterval(answering));
        assert.equal(answer[0], null, `${turns} turns later`);
        assert.equal(await cache.get(token), null);
      }
    },
  );

  claim(
    'an invalidation of another token or user does not disturb a load',
    ['retains'],
    async ({ cache }) => {
      const loader = new HeldLoader();
      const loading = cache.getOrLoad('token', loader.load);
      await loader.started;
      await cache.invalidate('another');
      await cache.invalidateByUser(8);
      loader.release();
      assert.deepEqual(await loading, { userId: 7, load: 1 });
    },
  );

  claim(
    'a load that is invalidated every time ends in an error, not in a loop',
    [],
    async ({ cache }) => {
      let loads = 0;
      const loading = cache.getOrLoad('token', async () => {
        loads++;
        await cache.clear();
        return { session: { userId: 7 }, ttlSeconds: 60 };
      });
      await assert.rejects(loading, { code: 'ONEHOST_LOAD_REFUSED' });
      assert.equal(loads, 16);
      assert.equal(await cache.get('token'), null);
    },
  );
}
