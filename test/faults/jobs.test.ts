import { expect, test } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { jobsUnderFaults } from './job-rounds.ts';

const SECONDS = Number(process.env['ONEHOST_JOBS_SECONDS'] ?? 12);

test(
  `four processes that are killed and stopped at random for ${SECONDS} s run no tick twice, and lose none silently`,
  async () => {
    using folder = new TemporaryFolder();
    const { kills, stops, account } = await jobsUnderFaults(folder.file('a.db'), SECONDS);
    console.log('jobs:', JSON.stringify({ kills, stops, ...account }));
    expect(account.doubles).toEqual([]);
    expect(account.misrecorded).toEqual([]);
    expect(account.disagreements).toEqual([]);
    // The rules were put to the test: there was something to run twice, and something to lose.
    expect(kills).toBeGreaterThan(4);
    expect(stops).toBeGreaterThan(0);
    expect(account.succeeded).toBeGreaterThan(0);
    expect(account.abandoned).toBeGreaterThan(0);
    expect(account.missed).toBeGreaterThan(0);
  },
  (SECONDS + 60) * 1000,
);
