import { expect } from 'vitest';
import { type JobPlace, jobsUnderFaults } from './job-rounds.ts';

/** Of each run, if the environment does not say otherwise. */
export const SECONDS: number = Number(process.env['ONEHOST_JOBS_SECONDS'] ?? 12);

/** Expects that no tick ran twice, and that none was lost silently, in a run that put the rules to the test. */
export async function runJobs(place: JobPlace): Promise<void> {
  const { kills, stops, account, surprises } = await jobsUnderFaults(place, SECONDS);
  console.log('jobs:', JSON.stringify({ kills, stops, ...account }));
  expect(surprises).toEqual([]);
  expect(account.doubles).toEqual([]);
  expect(account.misrecorded).toEqual([]);
  expect(account.disagreements).toEqual([]);
  // There was something to run twice, and something to lose.
  expect(kills).toBeGreaterThan(4);
  expect(stops).toBeGreaterThan(0);
  expect(account.succeeded).toBeGreaterThan(0);
  expect(account.abandoned).toBeGreaterThan(0);
  expect(account.missed).toBeGreaterThan(0);
}
