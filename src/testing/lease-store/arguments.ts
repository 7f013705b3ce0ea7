import assert from 'node:assert/strict';
import type { Lease } from '../../contract/lease.ts';
import { MAX_NAME_LENGTH } from '../../contract/lease-store.ts';
import type { LeaseClaim } from './harness.ts';

/** Whether it throws or rejects. */
async function rejection(work: () => unknown): Promise<{ code?: unknown; message?: unknown }> {
  try {
    await work();
  } catch (error) {
    return error as { code?: unknown; message?: unknown };
  }
  return {};
}

export function argumentClaims(claim: LeaseClaim): void {
  const durations = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '15' as never, null as never];
  for (const durationSeconds of durations) {
    claim(`a duration of ${String(durationSeconds)} is refused`, async ({ ours }) => {
      for (const options of [{ durationSeconds }, { marginSeconds: durationSeconds }]) {
        for (const ask of ['acquire', 'tryAcquire'] as const) {
          const { code } = await rejection(() => ours.leases[ask]('lease', options));
          assert.equal(code, 'ONEHOST_INVALID_DURATION');
        }
      }
      const { code } = await rejection(() =>
        ours.leases.acquire('lease', { timeoutSeconds: durationSeconds }),
      );
      assert.equal(code, 'ONEHOST_INVALID_DURATION');
      assert.deepEqual(await ours.leases.list(), []);
    });
  }

  claim('a margin as large as the duration is refused, and named', async ({ ours }) => {
    for (const marginSeconds of [15, 16]) {
      const { code, message } = await rejection(() =>
        ours.leases.tryAcquire('lease', { durationSeconds: 15, marginSeconds }),
      );
      assert.equal(code, 'ONEHOST_INVALID_DURATION');
      assert.match(String(message), /marginSeconds.*15.*found 1[56]/);
    }
  });

  for (const name of ['', 'x'.repeat(MAX_NAME_LENGTH + 1), '\ud800', 7 as never, null as never]) {
    claim(`the name ${JSON.stringify(name).slice(0, 20)} is refused`, async ({ ours }) => {
      for (const ask of ['acquire', 'tryAcquire'] as const) {
        const { code } = await rejection(() => ours.leases[ask](name));
        assert.equal(code, 'ONEHOST_INVALID_NAME');
      }
    });
  }

  for (const name of ['__proto__', "'; drop table", 'ü\0☃', 'x'.repeat(MAX_NAME_LENGTH)]) {
    claim(`the name ${JSON.stringify(name).slice(0, 20)} is as good as any`, async (context) => {
      const lease = await context.ours.leases.tryAcquire(name);
      assert.equal(lease?.name, name);
      assert.equal(await context.theirs.leases.tryAcquire(name), null);
      assert.deepEqual(
        (await context.theirs.leases.list()).map((summary) => summary.name),
        [name],
      );
    });
  }

  claim('an option that is not known is refused, a likely misspelling named', async ({ ours }) => {
    const unknown = await rejection(() => ours.leases.acquire('lease', { ttl: 5 } as never));
    assert.equal(unknown.code, 'ONEHOST_INVALID_OPTION');
    const misspelt = await rejection(() =>
      ours.leases.tryAcquire('lease', { durationseconds: 5 } as never),
    );
    assert.match(String(misspelt.message), /should be "durationSeconds"/);
    const takeover = await rejection(() =>
      ours.leases.tryAcquire('lease', { takeover: 'rude' as never }),
    );
    assert.equal(takeover.code, 'ONEHOST_INVALID_OPTION');
  });

  claim('only a term can be stolen', async ({ ours }) => {
    for (const term of [null, {}, { name: 'lease', holder: null, fencingToken: 1 }]) {
      const { code } = await rejection(() => ours.leases.steal(term as unknown as Lease));
      assert.equal(code, 'ONEHOST_INVALID_OPTION');
    }
  });

  claim('after close everything is refused, and close may be called again', async ({ ours }) => {
    const lease = await ours.leases.acquire('lease');
    await ours.leases.close();
    await ours.leases.close();
    for (const ask of [
      () => ours.leases.acquire('lease'),
      () => ours.leases.tryAcquire('lease'),
      () => ours.leases.steal(lease),
      () => ours.leases.list(),
    ]) {
      assert.equal((await rejection(ask)).code, 'ONEHOST_LEASE_STORE_CLOSED');
    }
  });
}
