import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { type Contender, Contenders, violationsOf } from './contenders.ts';
import {
  block,
  type Fault,
  type Handover,
  handovers,
  kill,
  release,
  stop,
} from './lease-rounds.ts';

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
  const increments = contenders.increments();
  expect(violationsOf(increments)).toEqual([]);
  expect(increments.length).toBeGreaterThan(10 * found.length);
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

  test('one whose event loop is held is replaced after its duration, and refused', async () => {
    const holder = await team({ durationSeconds: 1, blockSeconds: 1.5 });
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

const faketime = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
].find((file) => existsSync(file));

// In CI it is installed; elsewhere `apt-get install libfaketime` brings it.
describe.skipIf(faketime === undefined && process.env['CI'] === undefined)(
  'with libfaketime under the running processes',
  () => {
    test('a wall clock set forth or back by a day is no reason for a takeover', async () => {
      if (faketime === undefined) throw new Error('libfaketime is not installed.');
      folder = new TemporaryFolder();
      const clock = folder.file('clock');
      writeFileSync(clock, '+0');
      contenders = new Contenders(folder.file('a.db'), {
        durationSeconds: 1,
        env: {
          ...process.env,
          LD_PRELOAD: faketime,
          FAKETIME_TIMESTAMP_FILE: clock,
          FAKETIME_NO_CACHE: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      });
      const holder = await contenders.startTeam(2);
      for (const moved of ['+1d', '-1d', '+0']) {
        writeFileSync(clock, moved);
        await wait(2500);
        expect(contenders.all.map(({ acquired }) => acquired.length)).toEqual([1, 0, 0]);
        expect(holder.refused).toEqual([]);
      }
      // That the clock was moved indeed: the next term notes when it began.
      writeFileSync(clock, '+1d');
      const next = contenders.nextHolder();
      await contenders.kill(holder);
      const { acquired } = await next;
      expect(acquired.wall - Date.now()).toBeGreaterThan(20 * 60 * 60 * 1000);
      expect(violationsOf(contenders.increments())).toEqual([]);
    });
  },
);
