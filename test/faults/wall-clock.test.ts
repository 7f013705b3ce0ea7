import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Contenders } from './contenders.ts';
import { lacksFaketime, WallClock } from './faketime.ts';
import { accountFor } from './job-account.ts';
import { JobProcesses } from './job-processes.ts';
import { recordsInFile } from './job-records.ts';

const HOUR = 60 * 60 * 1000;

/** Ahead by a day, then back by two, then to what it is. */
const SETTINGS = ['+1d', '-1d', '+0'];

/** So long that a busy machine is no reason for the loss of a lease: one of a second was lost once beside all other tests. */
const DURATION_SECONDS = 5;

/** Under each setting: longer than a lease lasts that is not renewed. */
const SETTING_MILLISECONDS = 6000;

describe.skipIf(lacksFaketime)(
  'a wall clock that is set by a day, with libfaketime under the running processes',
  () => {
    let folder: TemporaryFolder;
    let clock: WallClock;

    beforeEach(() => {
      folder = TemporaryFolder.inMemory();
      clock = new WallClock(folder.file('clock'));
    });

    afterEach(() => {
      folder[Symbol.dispose]();
    });

    test('is no reason for a takeover', async () => {
      using contenders = new Contenders(folder.file('a.db'), {
        durationSeconds: DURATION_SECONDS,
        env: clock.env,
      });
      const holder = await contenders.startTeam(2);
      for (const setting of SETTINGS) {
        clock.setTo(setting);
        await wait(SETTING_MILLISECONDS);
        expect(contenders.all.map(({ acquired }) => acquired.length)).toEqual([1, 0, 0]);
        expect(holder.refused).toEqual([]);
      }
      // That the clock was set indeed: the next term notes when it began.
      clock.setTo('+1d');
      const next = contenders.nextHolder();
      await contenders.kill(holder);
      const { acquired } = await next;
      expect(acquired.wall - Date.now()).toBeGreaterThan(20 * HOUR);
      expect(contenders.violations()).toEqual([]);
    });

    test.each([
      ['an interval', 'interval'],
      ['a cron expression', 'cron'],
    ] as const)('brings no tick of %s a second time, and costs no lease', async (_, schedule) => {
      const file = folder.file('a.db');
      using processes = new JobProcesses(file, {
        durationSeconds: DURATION_SECONDS,
        schedule,
        env: clock.env,
      });
      await processes.startTeam(3);
      await processes.nextBegun();
      for (const setting of SETTINGS) {
        clock.setTo(setting);
        await wait(SETTING_MILLISECONDS);
        // And it goes on.
        await processes.nextBegun();
      }
      await processes.leave();
      const { begun } = processes;
      const { doubles, misrecorded, disagreements, abandoned } = accountFor(
        recordsInFile(file),
        begun,
      );
      expect(doubles).toEqual([]);
      expect(disagreements).toEqual([]);
      // A cron job goes back with the clock, and records once more what it passes over.
      if (schedule === 'interval') expect(misrecorded).toEqual([]);
      // One term from the first tick to the last.
      expect(processes.lost).toEqual([]);
      expect(new Set(begun.map(({ fencingToken }) => fencingToken)).size).toBe(1);
      expect(abandoned).toBe(0);
      // That the clock was set indeed.
      const ticks = begun.map(({ tick }) => tick);
      expect(Math.max(...ticks) - Math.min(...ticks)).toBeGreaterThan(20 * HOUR);
    });
  },
);
