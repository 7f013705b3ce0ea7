import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeWatches } from '../../support/change-watches.ts';
import { compiled } from '../../support/compiled.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import {
  SESSION_PROGRAM,
  type SessionRun,
  type SessionRunOptions,
  sessionsUnderFaults,
} from './sessions-under-faults.ts';

const SECONDS = Number(process.env['ONEHOST_HISTORY_SECONDS'] ?? 12);
const SEED = Number(process.env['ONEHOST_HISTORY_SEED'] ?? Date.now() % 1_000_000);

let compiledTo: TemporaryFolder;
let program: URL;

beforeAll(() => {
  compiledTo = new TemporaryFolder();
  program = compiled(SESSION_PROGRAM, compiledTo.path);
});

afterAll(() => {
  compiledTo[Symbol.dispose]();
});

async function run(
  options: Partial<SessionRunOptions>,
  folderForRun: () => TemporaryFolder = () => new TemporaryFolder(),
): Promise<SessionRun> {
  using folder = folderForRun();
  const done = await sessionsUnderFaults(folder, {
    seed: SEED,
    seconds: SECONDS,
    program,
    ...options,
  });
  const { findings } = done;
  const told = { ...done, findings: { ...findings, violations: findings.violations.length } };
  console.log('histories:', JSON.stringify(told));
  return done;
}

function expectNoViolation({ findings }: SessionRun): void {
  expect(findings.violations.slice(0, 5)).toEqual([]);
  // The rules were put to the test: enough reads and loads came near a violation.
  const { operations } = findings;
  expect(operations).toBeGreaterThan(4000);
  expect(findings.readsChecked).toBeGreaterThan(operations / 20);
  expect(findings.loadedGiven).toBeGreaterThan(operations / 100);
  expect(findings.loadsOverlapped).toBeGreaterThan(operations / 1000);
}

describe(`seed ${SEED}`, () => {
  test(`eight processes that are killed, stopped and restarted for ${SECONDS} s, while their file is vacuumed, leave a history that has an order and no revoked session in it`, async () => {
    const done = await run({
      faultEveryMilliseconds: 150,
      operations: 1000,
      isEnough: ({ deeds, findings }) =>
        Math.min(deeds.kills, deeds.stops, deeds.checkpoints, findings.cut) > 0,
    });
    expectNoViolation(done);
  }, 300_000);

  test('so do eight that are killed, stopped and restarted while their sessions are in shared memory', async () => {
    const done = await run(
      {
        faultEveryMilliseconds: 150,
        operations: 1000,
        settingsOf: (number) => ({ sharedMemory: true, touchWriteShare: (number % 2) * 0.05 }),
        isEnough: ({ deeds, findings }) => Math.min(deeds.kills, deeds.stops, findings.cut) > 0,
      },
      TemporaryFolder.inMemory,
    );
    expectNoViolation(done);
  }, 300_000);

  test.each(changeWatches)(
    'so do four whose change log is so short that they fall behind it, with the change watch %s',
    async (changeWatch) => {
      const done = await run({
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
      expectNoViolation(done);
    },
    120_000,
  );
});
