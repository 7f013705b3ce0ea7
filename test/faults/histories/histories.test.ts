import { describe, expect, test } from 'vitest';
import { changeWatches } from '../../support/change-watches.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { SECONDS, SEED, ShortRuns } from './short-run.ts';

const runs = ShortRuns.forThisFile();

/** Where calls answer at once, most of a run comes near a violation, and not only as much as it must. */
async function run(...options: Parameters<ShortRuns['run']>): Promise<void> {
  const { findings } = await runs.run(...options);
  const { operations } = findings;
  expect(findings.readsChecked).toBeGreaterThan(operations / 20);
  expect(findings.loadedGiven).toBeGreaterThan(operations / 100);
  expect(findings.loadsOverlapped).toBeGreaterThan(operations / 1000);
}

describe(`seed ${SEED}`, () => {
  test(`eight processes that are killed, stopped and restarted for ${SECONDS} s, while their file is vacuumed, leave a history that has an order and no revoked session in it`, async () => {
    await run({
      faultEveryMilliseconds: 150,
      operations: 1000,
      isEnough: ({ deeds, findings }) =>
        Math.min(deeds.kills, deeds.stops, deeds.checkpoints, findings.cut) > 0,
    });
  }, 300_000);

  test('so do eight that are killed, stopped and restarted while their sessions are in shared memory', async () => {
    await run(
      {
        faultEveryMilliseconds: 150,
        operations: 1000,
        isInFile: false,
        settingsOf: (number) => ({ sharedMemory: true, touchWriteShare: (number % 2) * 0.05 }),
        isEnough: ({ deeds, findings }) => Math.min(deeds.kills, deeds.stops, findings.cut) > 0,
      },
      TemporaryFolder.inMemory,
    );
  }, 300_000);

  test.each(changeWatches)(
    'so do four whose change log is so short that they fall behind it, with the change watch %s',
    async (changeWatch) => {
      await run({
        processes: 4,
        seconds: SECONDS / 3,
        operations: 2000,
        faultEveryMilliseconds: null,
        settingsOf: () => ({
          changeWatch,
          changeLogEntries: 128,
          revocationDurability: 'process-crash',
          touchWriteShare: 0,
        }),
      });
    },
    120_000,
  );
});
