import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { type Contender, Contenders } from './contenders.ts';
import { block, type Fault, kill, release, stop, stopBeforeWrite } from './faults.ts';
import { type Handover, handovers } from './lease-rounds.ts';

/** Many times what a quiet machine needs; `npm run bench:leases` has the figures. */
const SOON = 1000;

/** Of a lease that is to end by itself: so long that a holder that nobody holds up is never late to renew it. */
const DURATION_SECONDS = 3;
const DURATION = DURATION_SECONDS * 1000;

let folder: TemporaryFolder;
let contenders: Contenders;

/** One that holds the lease and three that stand by, each in a process of its own. */
async function team(options: ConstructorParameters<typeof Contenders>[1] = {}) {
  // No disk that syncs for a second belongs to how long a takeover takes.
  folder = TemporaryFolder.inMemory();
  contenders = new Contenders(folder.file('a.db'), options);
  return contenders.startTeam(3);
}

afterEach(() => {
  contenders[Symbol.dispose]();
  folder[Symbol.dispose]();
});

function rounds(holder: Contender, fault: Fault, count: number): Promise<Handover[]> {
  return handovers(contenders, holder, fault, count);
}

/** Within a part of the 15 s that the lease lasts, and mostly at once. */
function expectSoon(found: readonly Handover[]): void {
  const times = found.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
  expect(times[Math.floor(times.length / 2)]).toBeLessThan(SOON);
  expect(times.at(-1)).toBeLessThan(3 * SOON);
}

async function expectOrder(found: readonly Handover[]): Promise<void> {
  const tokens = found.map(({ fencingToken }) => fencingToken);
  expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => a - b));
  // The last of the holders goes on.
  await eventually(() => expect(contenders.increments().length).toBeGreaterThan(10 * found.length));
  expect(contenders.violations()).toEqual([]);
}

describe('between processes', () => {
  test('a holder that is killed is replaced at once, and no increment is lost', async () => {
    const found = await rounds(await team(), kill, 5);
    for (const { reason } of found) expect(reason).toBe('holder-died');
    expectSoon(found);
    await expectOrder(found);
  });

  test('one that is stopped is replaced after its duration, and refused when it wakes', async () => {
    const found = await rounds(await team({ durationSeconds: DURATION_SECONDS }), stop, 3);
    for (const { milliseconds, reason, refused } of found) {
      expect(reason).toBe('expired');
      expect(milliseconds).toBeLessThan(DURATION + SOON);
      expect(refused).toMatchObject({ code: 'ONEHOST_LEASE_LOST', signalAborted: true });
    }
    await expectOrder(found);
  });

  test('one that is stopped after its last look at the clock is refused by its token', async () => {
    const found = await rounds(
      await team({ durationSeconds: DURATION_SECONDS }),
      stopBeforeWrite,
      3,
    );
    for (const { milliseconds, reason, refused } of found) {
      expect(reason).toBe('expired');
      expect(milliseconds).toBeLessThan(DURATION + SOON);
      expect(refused).toMatchObject({ code: 'ONEHOST_LEASE_LOST', signalAborted: true });
      // Found in the file, and not by the clock.
      expect(refused?.message).toMatch(/was taken over \(expired\) by process \d+/);
    }
    await expectOrder(found);
  });

  test('one whose event loop is held is replaced after its duration, and refused', async () => {
    const holder = await team({ durationSeconds: DURATION_SECONDS, blockSeconds: 5 });
    const found = await rounds(holder, block, 3);
    for (const { milliseconds, reason, refused } of found) {
      expect(reason).toBe('expired');
      expect(milliseconds).toBeLessThan(DURATION + SOON);
      expect(refused).toMatchObject({ code: 'ONEHOST_LEASE_LOST', signalAborted: true });
    }
    await expectOrder(found);
  });

  test('one that releases it is followed at once', async () => {
    const found = await rounds(await team(), release, 5);
    for (const { reason } of found) expect(reason).toBe('released');
    expectSoon(found);
    await expectOrder(found);
  });
});
