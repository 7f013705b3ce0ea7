import { describe, expect, test } from 'vitest';
import { changeWatches } from '../support/change-watches.ts';
import { runTogether } from '../support/child-process.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { checkHistory, type Findings } from './check-history.ts';
import { readHistory } from './history.ts';
import type { WorkOrder } from './worker.ts';

const PROCESSES = 4;
const OPERATIONS = Number(process.env['ONEHOST_COHERENCE_OPERATIONS'] ?? 200_000);
const SEED = Number(process.env['ONEHOST_COHERENCE_SEED'] ?? Date.now() % 1_000_000);

async function runProcesses(options: Partial<WorkOrder>): Promise<Findings> {
  using folder = new TemporaryFolder();
  const historyFile = (index: number) => folder.file(`history-${index}`);
  await runTogether(
    new URL('./worker.ts', import.meta.url),
    PROCESSES,
    (index): WorkOrder => ({
      operations: OPERATIONS,
      tokens: 48,
      users: 12,
      changeLogEntries: 16_384,
      changeWatch: 'auto',
      ...options,
      process: index + 1,
      seed: SEED,
      database: folder.file('sessions.db'),
      historyFile: historyFile(index),
    }),
  );
  const operations = Array.from({ length: PROCESSES }, (_, index) =>
    readHistory(historyFile(index)),
  );
  return checkHistory(operations.flat());
}

describe(`${PROCESSES} processes, ${OPERATIONS.toLocaleString('en')} operations each, seed ${SEED}`, () => {
  test('no read gives a session that was dropped before it began, and no fill is stale', async () => {
    const findings = await runProcesses({});
    console.log(
      'coherence:',
      JSON.stringify({ ...findings, violations: findings.violations.length }),
    );
    expect(findings.violations.slice(0, 5)).toEqual([]);
    // The rules were put to the test: enough reads and loads came near a violation.
    expect(findings.readsChecked).toBeGreaterThan(OPERATIONS / 2);
    expect(findings.loadedGiven).toBeGreaterThan(OPERATIONS / 10);
    expect(findings.loadsOverlapped).toBeGreaterThan(OPERATIONS / 1000);
    expect(findings.presenceChecked).toBeGreaterThan(OPERATIONS / 100);
  }, 300_000);

  test.each(changeWatches)(
    'also when the change log is so short that processes fall behind it, with the change watch %s',
    async (changeWatch) => {
      const findings = await runProcesses({
        changeLogEntries: 128,
        changeWatch,
        operations: Math.ceil(OPERATIONS / 10),
      });
      expect(findings.violations.slice(0, 5)).toEqual([]);
    },
    120_000,
  );
});
