import { afterEach, describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { type Contender, Contenders } from './contenders.ts';
import { block, type Fault, kill, release, stop, stopBeforeWrite } from './faults.ts';
import { type Handover, handovers } from './lease-rounds.ts';

/** Many times what a quiet machine needs; `npm run bench:leases` has the figures. */
const SOON = 1000;

let folder: TemporaryFolder;
let contenders: Contenders;

/** One that holds the lease and three that stand by, each in a process of its own. */
async function team(options: ConstructorParameters<typeof Contenders>[1] = {}) {
  folder = new TemporaryFolder();
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

function expectOrder(found: readonly Handover[]): void {
  const tokens = found.map(({ fencingToken }) => fencingToken);
  expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => a - b));
  expect(contenders.violations()).toEqual([]);
  expect(contenders.increments().length).toBeGreaterThan(10 * found.length);
}

describe('between processes', () => {
  test('a holder that is killed is replaced at once, and no increment is lost', async () => {
    const found = await rounds(await team(), kill, 5);
    for (const { milliseconds, reason } of found) {
      expect(reason).toBe('holder-died');
      expect(milliseconds).toBeLessThan(SOON);
    }
    expectOrder(found);
  });

  test('one that is stopped is replaced after its duration, and refused when it wakes', async () => {
    const found = await rounds(await team({ durationSeconds: 1 }), stop, 3);
    for (const { milliseconds, reason, refused } of found) {
      expect(reason).toBe('expired');
      expect(milliseconds).toBeLessThan(2000);
      expect(refused).toMatchObject({ code: 'ONEHOST_LEASE_LOST', signalAborted: true });
    }
    expectOrder(found);
  });

  test('one that is stopped after its last look at the clock is refused by its token', async () => {
    const found = await rounds(await team({ durationSeconds: 1 }), stopBeforeWrite, 3);
    for (const { milliseconds, reason, refused } of found) {
      expect(reason).toBe('expired');
      expect(milliseconds).toBeLessThan(2000);
      expect(refused).toMatchObject({ code: 'ONEHOST_LEASE_LOST', signalAborted: true });
      // Found in the file, and not by the clock.
      expect(refused?.message).toMatch(/was taken over \(expired\) by process \d+/);
    }
    expectOrder(found);
  });

  test('one whose event loop is held is replaced after its duration, and refused', async () => {
    const holder = await team({ durationSeconds: 1, blockSeconds: 2 });
    const found = await rounds(holder, block, 3);
    for (const { milliseconds, reason, refused } of found) {
      expect(reason).toBe('expired');
      expect(milliseconds).toBeLessThan(2000);
      expect(refused).toMatchObject({ code: 'ONEHOST_LEASE_LOST', signalAborted: true });
    }
    expectOrder(found);
  });

  test('one that releases it is followed at once', async () => {
    const found = await rounds(await team(), release, 5);
    for (const { milliseconds, reason } of found) {
      expect(reason).toBe('released');
      expect(milliseconds).toBeLessThan(SOON);
    }
    expectOrder(found);
  });
});
