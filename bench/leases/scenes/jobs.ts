import { jobsInFile, jobsUnderFaults } from '../../../test/faults/job-rounds.ts';
import { none, told } from '../figures.ts';
import type { LeaseScene } from '../scene.ts';

export const jobs: LeaseScene = {
  name: 'jobs',
  title: 'Processes with a job each second are killed and stopped',
  about:
    'Four processes for 60 s (12 in a quick run): kill -9 of who runs the job, of any of them and of all at once, and SIGSTOP of who runs it past ' +
    'the duration of 2 s. Killed ones are replaced. Afterwards the ledger, the table that the job wrote and the reports of the processes are held against each ' +
    'other, second by second.',
  async run({ file, quick, progress }) {
    const seconds = quick ? 12 : 60;
    const began = performance.now();
    const { account, kills, stops } = await jobsUnderFaults(jobsInFile(file), seconds, (what) =>
      progress(`${Math.round((performance.now() - began) / 1000)} of ${seconds} s: ${what}`),
    );
    const { doubles, misrecorded, disagreements } = account;
    const violations = [...doubles, ...misrecorded, ...disagreements];
    return {
      figures: [
        none('ticks begun or written twice', doubles.length),
        none('ticks in no record', account.unaccounted),
        none('records that are wrong in any way', violations.length),
        told('ticks', account.ticks),
        told('of them run to their end', account.succeeded),
        told('recorded as abandoned', account.abandoned),
        told('recorded as missed', account.missed),
        told('with another outcome', account.others),
        told('processes killed', kills),
        told('processes stopped', stops),
      ],
      violations,
      samples: {},
    };
  },
};
